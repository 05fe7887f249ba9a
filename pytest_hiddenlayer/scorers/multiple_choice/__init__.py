"""Finds which of several lettered options a text gives as its answer.

`options` reads lists of options and replaces each option's text in an output by a private
character, `mentions` finds letters and groups of letters, `phrases` holds the phrases of several
languages that assert an option, `rejections` those that rule one out, and `answers` decides.
"""
