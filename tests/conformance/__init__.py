"""Whether real vendors would accept what is sent: stand-ins that refuse what each vendor refuses.

    rules          what each family of models refuses, and how it says so
    stand_in       a fake server with these rules

No vendor is asked. Every rule names its source: a public report, a page of the vendor, or a type of its SDK.
"""
