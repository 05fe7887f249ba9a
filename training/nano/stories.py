"""Forms of word problems. `|` separates sentences; an irrelevant sentence may be inserted there."""

from __future__ import annotations

from .forms import often, spelt

_NAMED = {
    "has": "has/has/has/had/owns/holds/keeps/counts/has got/begins with",
    "gets": "buys/finds/gets/wins/makes/takes/earns/collects/is given/picks up/receives",
    "got": "bought/found/got/won/made/took/earned/collected/gathered/received",
    "loses": "loses/sells/eats/breaks/uses/drops/gives away/throws away/gives {m}/hands {m}/lends {m}",
    "lost": "lost/sold/ate/broke/used/dropped/gave away/threw away/lent {m}/handed {m}",
    "then": "Then /Later /After that /Now /Today /In the evening /Next //",
    "more": "more/more/others/more of them",
    "of them": "./ of them.",
    "more.": "./ more./ others.",
    "each.": "./ each./ in each./ in each of them.",
    "and": "and/and then/but",
    "boxes": "boxes/bags/baskets/drawers/rooms/cars/jars/trays/crates",
    "box": "box/bag/basket/drawer/room/jar/shop/garden/cellar",
    "packs": "packs/sets/bags/piles/bundles",
    "are sold": "are sold/get lost/break/are taken away/are eaten/are given away",
    "now": (
        "How many {t} does {n} have now?/How many {t} does {n} have?/How many {t} has {n} now?"
        "/How many {t} has {n} got?/How many {t} does {n} have in the end?/How many {t} does {n} end up with?"
        "/How many {t} is that?/Tell how many {t} {n} has./Tell the number of {t} that {n} has now."
        "/What is the number of {n}'s {t}?"
    ),
    "all": (
        "How many {t} are there?/How many {t} are there in all?/How many {t} are there together?"
        "/How many {t} is that?/How many {t} in all?/How many {t} are there altogether?"
        "/Tell how many {t} there are."
        "/What is the number of {t} in all?/What is the total number of {t}?/Count all {t}."
    ),
    "left": (
        "How many {t} are left?/How many {t} remain?/How many {t} are still there?/How many {t} stay?"
        "/Tell how many {t} are left."
        "/What is the number of {t} now?/What number of {t} remains?/How many {t} are there now?"
    ),
}

_FEW: dict[str, str] = {
    "+": """
        {n} has {a} {t}.|{m} gives {n} {b} more.|How many {t} does {n} have?
        {n} has {a} {t}.|{n} buys {b} more.|How many {t} does {n} have now?
        {n} finds {a} {t} in the morning and {b} in the evening.|How many {t} is that?
        There are {a} {t} on the table and {b} in the bag.|How many {t} are there in all?
        {n} owns {a} {t}, {m} owns {b}.|How many {t} do they own together?
        A box holds {a} {t}.|{n} puts in {b} more.|How many {t} does it hold now?
        {n} sold {a} {t} on Monday and {b} on Tuesday.|How many {t} did {n} sell?
    """,
    "-": """
        {n} has {a} {t} and loses {b}.|How many {t} are left?
        {n} has {a} {t}.|{n} gives {m} {b}.|How many {t} does {n} have now?
        There are {a} {t} in the box.|{m} takes {b} out.|How many {t} are left?
        {n} had {a} {t} and sold {b} of them.|How many {t} remain?
        {n} has {a} {t}, {m} has {b}.|How many more {t} does {n} have than {m}?
        Of {a} {t}, {b} are broken.|How many {t} are not broken?
    """,
    "*": """
        Each of {b} boxes holds {a} {t}.|How many {t} in all?
        There are {b} bags with {a} {t} each.|How many {t} are there?
        {n} buys {b} packs of {a} {t}.|How many {t} does {n} buy?
        {b} friends have {a} {t} each.|How many {t} do they have together?
        {n} makes {a} {t} a day.|How many {t} does {n} make in {b} days?
    """,
    "+-": """
        {n} has {a} {t}, buys {b} and gives {m} {c}.|How many {t} does {n} have now?
        {n} has {a} {t}.|{n} finds {b} more and then loses {c}.|How many {t} does {n} have?
        A shop has {a} {t}.|{b} more arrive and {c} are sold.|How many {t} are left?
        There were {a} {t} in the box.|{n} put in {b}, {m} took out {c}.|How many {t} are in the box?
    """,
    "-+": """
        {n} has {a} {t}, gives {m} {b} and buys {c}.|How many {t} does {n} have now?
        A shop has {a} {t}.|It sells {b} and then gets {c} more.|How many {t} does it have?
    """,
    "++": """
        {n} has {a} {t}, {m} has {b} and the teacher has {c}.|How many {t} do they have together?
        {n} finds {a} {t}, then {b}, then {c}.|How many {t} is that?
    """,
    "--": """
        {n} has {a} {t}, loses {b} and gives {m} {c}.|How many {t} are left?
        A shop has {a} {t}.|It sells {b} in the morning and {c} in the evening.|How many {t} are left?
    """,
    "*+": """
        {n} buys {b} packs of {a} {t} and has {c} more at home.|How many {t} does {n} have?
        Each of {b} boxes holds {a} {t}, and {c} lie on the table.|How many {t} are there?
    """,
    "*-": """
        {n} buys {b} packs of {a} {t} and gives {m} {c}.|How many {t} does {n} have left?
        Each of {b} boxes holds {a} {t}.|{c} {t} are broken.|How many {t} are not broken?
    """,
    "+-+": """
        {n} has {a} {t}, buys {b}, gives {m} {c} and finds {d}.|How many {t} does {n} have now?
        A shop has {a} {t}.|{b} arrive, {c} are sold, and {d} more arrive.|How many {t} does it have?
    """,
    "+*": """
        {n} has {a} {t} and finds {b} more.|{m} has {c} times as many.|How many {t} does {m} have?
    """,
}
_MANY: dict[str, str] = {
    "+": """
        {n} <has> {a} {t}.|<then>{n} <gets> {b} <more>.|<now>
        {n} <has> {a} {t} and <gets> {b} <more>.|<now>
        {n} <got> {a} {t}.|<then>{n} <got> {b} <more>.|<all>
        {n} <got> {a} {t} <on Monday/at first/in spring/at home> and {b} <on Tuesday/later/in summer>.|<all>
        One <box> <holds/has> {a} {t}, <another/the next/a second one> <holds/has> {b}.|<all>
        <There are/We see/Somebody left> {a} {t} <here/on the floor/in the box> and {b} <there/more outside>.|<all>
        {n} <has/brings/owns/counts> {a} {t} and {m} <has/brings/owns/counts> {b}.|<all>
    """,
    "-": """
        {n} <has> {a} {t}.|<then>{n} <loses> {b}<of them>|<now>
        {n} <has> {a} {t} <and> <loses> {b}<of them>|<left>
        {n} <got> {a} {t} <and> <lost> {b}<of them>|<left>
        {n} <got> {a} {t}<./ for the school./ at the market.>|{m} <took/bought/lost/broke/ate> {b} of them.|<left>
        There <are/were> {a} {t} <in/in/near> the <box>.|{b} <are sold>.|<left>
        {n} <got> {a} {t}, <and/but> {m} <took/bought/lost/broke/ate> {b}<of them>|<left>
        {n} <got> {a} {t} <at the fair/for a party/on the way>, and {m} <took/lost/broke/ate> {b} of them.|<left>
        {n} needs {a} {t} and has {b}.|How many <{t} are missing/more {t} does {n} need/{t} must {n} still get>?
        {a} {t} <are/lie> <on the table/in the yard/on a plate>, and {m} <takes/took/eats/breaks> {b}<of them>|<left>
    """,
    "*": """
        <Each/Every one> of {b} <boxes> <holds/has/contains> {a} {t}.|<all>
        <There are/We have/Somebody has> {b} <boxes> <with/of> {a} {t}<each.>|<all>
        A <wall/garden/hall/yard/table> has {b} <rows/lines/groups/piles> <of/with> {a} {t}<each.>|<all>
        {n} <gets> {b} <packs> <of/with> {a} {t}<each.>|<all>
        {b} <children/girls/boys/farmers/teachers> <have/own/bring/carry/find/sell> {a} {t} each.|<all>
        {n} <makes/sells/finds/loses/needs> {a} {t} <a/every/each> day.|How many {t} <is that/are that> in {b} days?
        In <each/every> <box/bag/room/row> are {a} {t}, and there are {b} <such boxes/of them/in all>.|<all>
    """,
    "+-": """
        {n} <has> {a} {t}, <gets> {b} <and> <loses> {c}<of them>|<now>
        {n} <has> {a} {t}.|<then>{n} <gets> {b} <more>.|<then>{n} <loses> {c}<of them>|<now>
        {n} <got> {a} {t}, <then/later> <got> {b} <and> <lost> {c}<of them>|<left>
        {a} {t} <are/were> in the <box>.|{b} more <arrive/come/are brought>, <and> {c} <are sold>.|<left>
    """,
    "-+": """
        {n} <has> {a} {t}, <loses> {b} <and> <gets> {c}<more.>|<now>
        {n} <has> {a} {t}.|<then>{n} <loses> {b}<of them>|<then>{n} <gets> {c} <more>.|<now>
        {n} <got> {a} {t}, <lost> {b} and <then/later> <got> {c}<more.>|<now>
    """,
    "++": """
        {n} <has> {a} {t}, <gets> {b}, and <then/later> <gets> {c}<more.>|<now>
        {n} <got> {a} {t}, {m} {b} and {k} {c}.|<all>
        <There are/We see> {a} {t} in one <box>, {b} in another and {c} in a third.|<all>
    """,
    "--": """
        {n} <has> {a} {t}, <loses> {b} <and> <loses> {c}<more.>|<left>
        {n} <has> {a} {t}.|<then>{n} <loses> {b}.|<then>{n} <loses> {c}<more.>|<now>
        Of {a} {t}, {b} <are/were> <broken/sold/old/lost> and {c} <are/were> <eaten/gone/given away>.|<left>
    """,
    "*+": """
        {n} <gets> {b} <packs> of {a} {t} and <then/later/also> <gets> {c}<more.>|<now>
        There are {b} <boxes> <with/of> {a} {t}, and {c} <more/others> <outside/on the floor/besides>.|<all>
    """,
    "*-": """
        {n} <gets> {b} <packs> of {a} {t} and <then/later/soon> <loses> {c}<of them>|<left>
        There are {b} <boxes> <with/of> {a} {t}<each.>|{c} <are sold>.|<left>
    """,
    "+-+": """
        {n} <has> {a} {t}, <gets> {b}, <loses> {c} and <then/later/at last> <gets> {d}<more.>|<now>
    """,
    "+*": """
        {n} <has> {a} {t} and <gets> {b} <more>.|{m} <owns/has/needs/gets> {c} times as many.|How many {t} is that?
    """,
}


def _lines(text: str) -> list[str]:
    return text.strip().splitlines()


STORIES = {
    operators: often(spelt(_lines(few), {}), spelt(_lines(_MANY[operators]), _NAMED), share=0.35)
    for operators, few in _FEW.items()
}
"""Forms of word problems by the operators that they need."""
NEW_STORIES: dict[str, tuple[str, ...]] = {
    "+": ("{n} picked {a} {t}.|Later {n} picked {b} more.|What is the number of {t} that {n} picked?",),
    "-": ("{n} brought {a} {t} to school, and {m} used {b} of them.|What number of {t} is left?",),
    "*": ("A shelf has {b} rows of {a} {t}.|What is the number of {t} on the shelf?",),
    "+-": ("{n} starts with {a} {t}, wins {b} and then drops {c}.|With how many {t} does {n} end?",),
}
ASIDES = (
    "{k} has {z} {u}.",
    "{k} is {z} years old.",
    "{n} is {z} years old.",
    "It is {z} minutes to {p}.",
    "{k} saw {z} {u} at {p}.",
    "The bus has {z} seats.",
)
