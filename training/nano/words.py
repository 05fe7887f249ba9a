"""The vocabulary of problems, and the facts."""

from __future__ import annotations


def _pairs(text: str) -> dict[str, str]:
    pairs = (pair.partition("-") for pair in text.split())
    return {first: second for first, _, second in pairs}


_NAMES = (
    "Ann Ben Cara Dan Eva Finn Gia Hal Ivy Jon Kim Leo Mia Ned Ola Pam Raj Sue Tom Uma Amy Bob Cleo Dora Emil "
    "Fay Gus Hana Ian Jill Kurt Lena Max Nina Omar Pia Rosa Sam Tina Vera Will Yara Zoe Carl Ella Hugo Lara Paul"
)
NAMES = _NAMES.split()
_THINGS = (
    "apples pens books coins eggs cards shells stamps marbles cakes pears plums nuts bricks cups plates ropes seeds "
    "toys balls bags boxes tickets flowers stickers pencils cookies candles buttons photos"
)
THINGS = _THINGS.split()
_WORDS = (
    "apple river stone cloud tiger lemon chair bread green mouse house plant train sugar water night light table "
    "horse paper music glass beach field dream rain hill sun fern otter island morning whisper lantern sparrow "
    "moon star tree leaf bird fish wolf bear lion snake frog goat sheep duck boat ship wheel road bridge tower "
    "window door floor wall roof garden flower grass forest desert ocean wave wind storm snow fire smoke metal "
    "gold silver copper iron wood cotton silk wool shirt shoe hat coat button pocket mirror candle lamp clock "
    "watch phone camera picture book letter story song dance game ball toy doll robot rocket planet comet summer "
    "winter spring autumn monday friday basket bottle cup plate spoon knife fork butter cheese honey pepper salt "
    "orange banana cherry melon grape peach potato carrot onion tomato rabbit squirrel monkey elephant giraffe "
    "zebra camel donkey chicken turkey eagle falcon swan dolphin whale shark crab spider beetle butterfly dragon "
    "castle palace village city market office school teacher doctor farmer singer painter writer soldier captain "
    "pilot sailor brother sister mother father uncle cousin friend neighbor finger hand arm shoulder heart brain "
    "bone tooth circle square corner number hammer ladder needle thread blanket pillow carpet curtain"
)
WORDS = _WORDS.split()
PLACES = ("the shop", "the market", "the school", "the park", "the station", "the library", "the farm", "the beach")

CAPITALS = {
    "France": "Paris",
    "Spain": "Madrid",
    "Italy": "Rome",
    "Germany": "Berlin",
    "Austria": "Vienna",
    "Poland": "Warsaw",
    "Greece": "Athens",
    "Norway": "Oslo",
    "Sweden": "Stockholm",
    "Finland": "Helsinki",
    "Denmark": "Copenhagen",
    "Portugal": "Lisbon",
    "Ireland": "Dublin",
    "Hungary": "Budapest",
    "Russia": "Moscow",
    "Turkey": "Ankara",
    "Egypt": "Cairo",
    "Kenya": "Nairobi",
    "Ghana": "Accra",
    "Morocco": "Rabat",
    "Japan": "Tokyo",
    "China": "Beijing",
    "India": "Delhi",
    "Nepal": "Kathmandu",
    "Thailand": "Bangkok",
    "Vietnam": "Hanoi",
    "Iran": "Tehran",
    "Iraq": "Baghdad",
    "Canada": "Ottawa",
    "Mexico": "Mexico City",
    "Cuba": "Havana",
    "Peru": "Lima",
    "Chile": "Santiago",
    "Brazil": "Brasilia",
    "Argentina": "Buenos Aires",
    "Australia": "Canberra",
    "Belgium": "Brussels",
    "Croatia": "Zagreb",
    "Serbia": "Belgrade",
    "Romania": "Bucharest",
    "Bulgaria": "Sofia",
    "Iceland": "Reykjavik",
    "Latvia": "Riga",
    "Estonia": "Tallinn",
    "Ukraine": "Kyiv",
    "Syria": "Damascus",
    "Lebanon": "Beirut",
    "Qatar": "Doha",
    "Colombia": "Bogota",
    "Ecuador": "Quito",
}
_OPPOSITES = (
    "hot-cold big-small up-down fast-slow wet-dry hard-soft old-new dark-light high-low open-closed early-late "
    "happy-sad rich-poor full-empty long-short left-right thick-thin strong-weak loud-quiet near-far clean-dirty "
    "sweet-sour day-night first-last win-lose push-pull true-false inside-outside"
)
OPPOSITES = _pairs(_OPPOSITES)
_COLOURS = (
    "grass-green snow-white coal-black blood-red banana-yellow sky-blue carrot-orange chocolate-brown "
    "milk-white tomato-red lemon-yellow leaf-green"
)
COLOURS = _pairs(_COLOURS)
