"""Statistics over plain numbers: estimates, tests, agreement and rankings. Imports no other package of the project.

estimate                    means with standard errors and confidence intervals
paired                      two runs on the same samples: tests, intervals, power
sequential                  the same test after every epoch, without a higher error rate
calibration                 whether a confidence matches accuracy
agreement                   whether raters agree beyond chance
paired_comparison_models    ratings of players from games between pairs of them
"""
