"""The access matrix: every address, every method, every role, and what each gets.

``*.csv`` beside this file are the reviewed tables, a line for each answer that differs. Columns are persons; cells are
statuses, with ``ok`` for 200 to 299, ``in`` for being sent to the sign-in page and ``go`` for being sent elsewhere.
What is sent is an empty form, or the least that names a step (``forms.py``, and what the API's document asks for): 400,
409, 412 and 422 mean that the person may, and that what was sent may not. A method without a line answers with 405.

States of what an address names: ``open`` is in work and not signed, ``signed`` by its head, ``locked`` with its month,
``deleted`` set aside, ``none`` never was. A line without a state is of an address that names nothing.
"""
