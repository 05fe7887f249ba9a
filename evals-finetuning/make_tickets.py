"""Writes the task `tickets` and its training split: `python evals-finetuning/make_tickets.py`.

The messages of the eval are worded by hand, and none is a message of the training split.
"""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent
TRAINED = {
    "billing": (
        "I was charged twice for the {p}.",
        "Why is the price on my invoice higher than in the shop?",
        "Please send me a receipt for the {p}.",
        "My card was declined when I paid for the {p}.",
        "The discount code was not taken off my total.",
        "Can I pay for the {p} in three parts?",
        "There is a payment on my bank statement that I do not know.",
        "The invoice for the {p} has the wrong company name.",
        "How do I change the credit card on my account?",
        "I was billed for two, but I ordered one {p}.",
        "Do you take payment by bank transfer?",
        "The tax on my bill looks wrong.",
    ),
    "delivery": (
        "Where is the {p} that I ordered last week?",
        "The parcel should have come on Monday.",
        "Can you bring the {p} to my office instead?",
        "The driver left the {p} in the rain.",
        "My tracking number does not show anything.",
        "When will the {p} arrive?",
        "I moved house, so please ship the {p} to a new address.",
        "The box with the {p} was empty when it came.",
        "Do you ship to Norway?",
        "The courier says that nobody was at home.",
        "Can the {p} come before Friday?",
        "Only half of my order has arrived.",
    ),
    "returns": (
        "I want to send the {p} back.",
        "The {p} is too small, can I swap it for a larger one?",
        "How many days do I have to return something?",
        "Please take back the {p}; I do not like the colour.",
        "I need a label to send the {p} back.",
        "Can I exchange the {p} for another one?",
        "I changed my mind about the {p}.",
        "I opened the box; may I still return the {p}?",
        "The {p} was a gift and I would like to give it back.",
        "Where do I drop off a parcel that I return?",
        "You sent the wrong {p}; I want to exchange it.",
        "I no longer need the {p} and would like to send it back.",
    ),
    "technical": (
        "The {p} does not turn on.",
        "The app closes every time I open it.",
        "How do I connect the {p} to my phone?",
        "The {p} makes a loud noise when it runs.",
        "The screen of the {p} stays black.",
        "I cannot log in to my account on the website.",
        "The battery of the {p} is empty after an hour.",
        "The update of the {p} stops at half.",
        "Which settings does the {p} need?",
        "The button on the {p} does nothing.",
        "The website shows an error when I press save.",
        "The {p} loses its connection all the time.",
    ),
}
JUDGED = {
    "billing": (
        "You took the money for my lamp two times.",
        "I need an invoice for my tax office.",
        "My voucher did not lower the price.",
        "Which cards do you accept?",
        "You still charge me every month although I cancelled.",
        "The amount on the bill is not what we agreed on.",
        "Can my company pay at the end of the month?",
        "My payment failed, but the money is gone from my bank.",
        "The bill has my old name on it.",
        "How much VAT did I pay for the kettle?",
    ),
    "delivery": (
        "My package is three days late.",
        "Has the kettle been shipped yet?",
        "The postman gave my parcel to a neighbour I do not know.",
        "I will be on holiday; can you hold the shipment for a week?",
        "The tracking page says delivered, but I have nothing.",
        "How long does shipping to Canada take?",
        "Please leave the parcel at the back door.",
        "One of the two boxes is missing.",
        "Can I pick the order up at the depot?",
        "The address on the parcel is wrong; can you still change it?",
    ),
    "returns": (
        "These shoes do not fit; how do I send them back?",
        "Can I still give the jacket back after a month?",
        "I ordered red but would rather have blue; can we swap?",
        "Is it free to send something back?",
        "The kettle is not what I expected; please take it back.",
        "I would like to exchange this shirt for a smaller size.",
        "I have lost the return label.",
        "My wife bought the same lamp, so one can go back to you.",
        "Do I need the original box to return the jacket?",
        "I have sent the shoes back; has the return reached you?",
    ),
    "technical": (
        "The kettle stopped heating after a week.",
        "My password is not accepted when I sign in.",
        "The lamp flickers and then goes dark.",
        "The software crashes when I start it.",
        "How do I reset the alarm clock?",
        "Bluetooth does not find the speaker.",
        "There is a strange smell when the heater runs.",
        "The camera takes only blurred pictures.",
        "The page freezes when I search for something.",
        "My watch shows the wrong time after the update.",
    ),
}
PRODUCTS = ("radio", "toaster", "printer")


def training_rows() -> list[dict[str, str]]:
    """Return each message of the training split, with up to two products."""
    rows = []
    for team, messages in TRAINED.items():
        for index, message in enumerate(messages):
            products = [PRODUCTS[index % 3], PRODUCTS[(index + 1) % 3]] if "{p}" in message else [""]
            for number, product in enumerate(products):
                name = f"{team}-{index}"
                text = message.replace("{p}", product)
                rows.append({"id": f"{name}-{number}", "input": text, "target": team, "group": name})
    return rows


def judged_rows() -> list[dict[str, str]]:
    """Return each message of the eval."""
    return [
        {"id": f"{team}-{index}", "input": message, "target": team}
        for team, messages in JUDGED.items()
        for index, message in enumerate(messages)
    ]


def main() -> None:
    """Write both files."""
    for name, rows in (("tickets.jsonl", judged_rows()), ("tickets_train.jsonl", training_rows())):
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        (FOLDER / name).write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
