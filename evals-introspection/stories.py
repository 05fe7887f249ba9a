"""The scenes, texts and options of the introspection tasks, written for this project."""

from __future__ import annotations

TRANSFERS = (
    {"who": "Nora", "other": "Jonas", "thing": "key", "first": "drawer", "second": "bowl"},
    {"who": "Emil", "other": "Tara", "thing": "kite", "first": "cellar", "second": "shed"},
    {"who": "Ruth", "other": "Omar", "thing": "cheese", "first": "fridge", "second": "basket"},
    {"who": "Felix", "other": "Ida", "thing": "violin", "first": "cupboard", "second": "chest"},
    {"who": "Amina", "other": "Paul", "thing": "map", "first": "backpack", "second": "suitcase"},
    {"who": "Viktor", "other": "Lena", "thing": "torch", "first": "garage", "second": "tent"},
    {"who": "Chloe", "other": "Bruno", "thing": "letter", "first": "book", "second": "envelope"},
    {"who": "Samir", "other": "Greta", "thing": "hamster", "first": "cage", "second": "bathtub"},
    {"who": "Hanna", "other": "Theo", "thing": "scarf", "first": "wardrobe", "second": "washing machine"},
    {"who": "Diego", "other": "Mira", "thing": "chess set", "first": "attic", "second": "kitchen"},
    {"who": "Sofia", "other": "Karl", "thing": "passport", "first": "safe", "second": "jacket"},
    {"who": "Yusuf", "other": "Elsa", "thing": "drum", "first": "van", "second": "barn"},
)
"""Unexpected transfer: someone moves a thing from the first place to the second."""

CONTENTS = (
    {"who": "Lotte", "container": "tin", "label": "biscuits", "inside": "buttons"},
    {"who": "Arun", "container": "jar", "label": "olives", "inside": "marbles"},
    {"who": "Zoe", "container": "carton", "label": "eggs", "inside": "golf balls"},
    {"who": "Hugo", "container": "box", "label": "crayons", "inside": "candles"},
    {"who": "Priya", "container": "bag", "label": "apples", "inside": "tennis balls"},
    {"who": "Oskar", "container": "packet", "label": "tea bags", "inside": "stamps"},
    {"who": "Mei", "container": "tube", "label": "posters", "inside": "walking sticks"},
    {"who": "Liam", "container": "crate", "label": "lemons", "inside": "bulbs"},
    {"who": "Aisha", "container": "sack", "label": "potatoes", "inside": "stones"},
    {"who": "Jan", "container": "case", "label": "glasses", "inside": "paper clips"},
    {"who": "Clara", "container": "pot", "label": "seeds", "inside": "beads"},
    {"who": "Noah", "container": "parcel", "label": "books", "inside": "tiles"},
)
"""Unexpected contents: the label names one thing, and another is inside."""

EXPRESSIONS = {
    "fear": (
        "The steps on the stairs stopped outside her door. She held her breath and pulled the blanket over her head.",
        "His knees shook on the narrow bridge, and he could not make himself look down.",
        "When the dog growled, the boy went pale and backed slowly towards the gate.",
        "She checked the locks a third time and left every lamp burning until morning.",
    ),
    "envy": (
        "He scrolled through his neighbour's holiday pictures and wondered why others always got what he wanted.",
        "Her sister's new bicycle gleamed in the yard. Her own old one suddenly looked shabby, and she kicked it.",
        "They had started in the same office, and now she had the corner room. He could not smile at her.",
        "Every time the other singer was applauded, she clapped with two fingers and thought: that should be me.",
    ),
    "gratitude": (
        "She wrote a long card to the nurse who had sat with her every night, and baked her a cake.",
        "Without your help I would have lost the house. I will never forget what you did for us.",
        "The old man pressed the fireman's hand and could only say that he owed him everything.",
        "He still visits the teacher who lent him his first books, and brings flowers each time.",
    ),
    "guilt": (
        "He had told his mother that the cat broke the vase. At dinner he could not meet her eyes.",
        "She lay awake and went over it again: if she had answered the call, her friend would not be hurt.",
        "The coins that he had taken from the jar felt heavy in his pocket, and he wished he could put them back.",
        "I should have been there. It was my mistake, and he had to pay for it.",
    ),
    "boredom": (
        "She counted the tiles of the ceiling for the second time. The lecture had another hour to go.",
        "It rained for the fifth day. He opened the fridge, closed it, and lay down on the sofa again.",
        "The same three songs, the same empty shop, the same clock that did not seem to move.",
        "He drew circles in the margin until the page was full, and yawned so widely that his jaw cracked.",
    ),
    "pride": (
        "She hung the medal where every guest would see it, and told the story of the race to each of them.",
        "When his daughter took her bow, he nudged the stranger beside him and said: that one is mine.",
        "He stepped back from the boat that he had built with his own hands, and stood a little taller.",
        "Nobody had believed that the village could build its own school. Now they showed it to every visitor.",
    ),
}
"""Feeling → texts that express it and do not name it."""

ESSAYS = (
    (
        (
            "Bees visit many flowers on one flight.",
            "They carry the nectar home in a small stomach.",
            "In the hive it is dried until it becomes honey.",
        ),
        "The minister signed the treaty on Friday.",
    ),
    (
        (
            "The ferry leaves the harbour at eight.",
            "It stops at two islands on its way.",
            "Passengers with bicycles board first.",
        ),
        "Yeast needs warmth to rise.",
    ),
    (
        (
            "A violin has four strings.",
            "They are tuned in fifths.",
            "The bow is strung with horsehair.",
        ),
        "Glaciers push stones into the valley.",
    ),
    (
        (
            "Rub the butter into the flour.",
            "Add cold water until the dough holds together.",
            "Let it rest for half an hour before you roll it.",
        ),
        "The goalkeeper saved two penalties.",
    ),
    (
        (
            "The comet was first seen in spring.",
            "Its tail always points away from the sun.",
            "It will return in seventy years.",
        ),
        "Wool socks should be washed cold.",
    ),
    (
        (
            "The library opens at nine.",
            "Members may borrow six books at once.",
            "Late returns cost a small fee.",
        ),
        "The volcano has been quiet for a century.",
    ),
    (
        (
            "Camels store fat in their humps.",
            "They can go without water for a week.",
            "Long lashes keep sand out of their eyes.",
        ),
        "The printer is out of paper again.",
    ),
    (
        (
            "Set the tent on level ground.",
            "Drive the pegs in at an angle.",
            "Tighten the ropes before it gets dark.",
        ),
        "The opera was first performed in Naples.",
    ),
    (
        (
            "The tram line was extended last year.",
            "It now reaches the new hospital.",
            "Trams run every ten minutes.",
        ),
        "Octopuses have three hearts.",
    ),
    (
        (
            "Cut the roses back in early spring.",
            "Remove dead wood first.",
            "Water them well in the morning.",
        ),
        "The court adjourned until Monday.",
    ),
    (
        (
            "Chess is played on sixty-four squares.",
            "White always moves first.",
            "The game ends when a king cannot escape.",
        ),
        "Salmon swim upstream to spawn.",
    ),
    (
        (
            "The bakery is known for its rye bread.",
            "People queue for it before dawn.",
            "By noon every loaf is sold.",
        ),
        "A sonnet has fourteen lines.",
    ),
    (
        (
            "The lighthouse stands on a rock.",
            "Its lamp turns once in ten seconds.",
            "Ships see it from twenty miles away.",
        ),
        "Copper conducts heat well.",
    ),
    (
        (
            "The patient should rest for two days.",
            "The bandage is changed every evening.",
            "The stitches come out after a week.",
        ),
        "The choir rehearses in the old mill.",
    ),
    (
        (
            "The castle was built on a hill.",
            "Its walls are three metres thick.",
            "Only one gate leads inside.",
        ),
        "Add the vinegar drop by drop.",
    ),
    (
        (
            "The bank raised its interest rate.",
            "Loans became more expensive.",
            "Fewer people bought houses.",
        ),
        "Owls turn their heads almost all the way round.",
    ),
    (
        (
            "The river rises in the mountains.",
            "It flows through two lakes.",
            "After rain it turns brown.",
        ),
        "The tailor measured the sleeves twice.",
    ),
    (
        (
            "The students built a small robot.",
            "It follows a line on the floor.",
            "Its battery lasts one hour.",
        ),
        "Grapes are harvested in autumn.",
    ),
    (
        (
            "Fold the paper along the diagonal.",
            "Open it and fold it the other way.",
            "The creases form a cross.",
        ),
        "The parliament has two chambers.",
    ),
    (
        (
            "The museum shows ancient coins.",
            "Most were found in one field.",
            "The oldest is made of silver.",
        ),
        "The engine needs new oil.",
    ),
    (
        (
            "Penguins cannot fly.",
            "They use their wings to swim.",
            "Both parents warm the egg.",
        ),
        "The invoice is due in thirty days.",
    ),
    (
        (
            "The marathon starts at the stadium.",
            "Runners cross six bridges.",
            "Volunteers hand out water.",
        ),
        "Clay shrinks when it is fired.",
    ),
    (
        (
            "The clock was made in Geneva.",
            "It strikes every quarter of an hour.",
            "A weight drives its wheels.",
        ),
        "Mosquitoes breed in still water.",
    ),
    (
        (
            "The novel is set in a small port.",
            "Its hero mends nets.",
            "In the end he leaves by ship.",
        ),
        "Potatoes are peeled after boiling.",
    ),
)
"""Three sentences on one subject, and one on another."""

PREFERENCES = (
    ("tea", "coffee"),
    ("the sea", "the mountains"),
    ("cats", "dogs"),
    ("winter", "summer"),
    ("a novel", "a film"),
    ("apples", "pears"),
    ("the morning", "the evening"),
    ("a piano", "a guitar"),
    ("bread", "rice"),
    ("a train", "a plane"),
    ("blue", "green"),
    ("a village", "a city"),
    ("chess", "football"),
    ("soup", "salad"),
    ("silence", "music"),
    ("a letter", "a phone call"),
    ("silver", "gold"),
    ("the past", "the future"),
    ("rain", "snow"),
    ("history", "physics"),
    ("butter", "oil"),
    ("a bicycle", "a car"),
    ("roses", "tulips"),
    ("a poem", "a joke"),
    ("salt", "sugar"),
    ("a lake", "a river"),
    ("paper", "a screen"),
    ("a walk", "a nap"),
    ("honey", "jam"),
    ("the moon", "the sun"),
    ("a painting", "a photograph"),
    ("dancing", "singing"),
    ("a hammer", "a screwdriver"),
    ("cheese", "chocolate"),
    ("a garden", "a balcony"),
    ("questions", "answers"),
    ("wool", "cotton"),
    ("a map", "a compass"),
    ("tomatoes", "carrots"),
    ("a circle", "a square"),
)
"""Two options of which none is right."""
