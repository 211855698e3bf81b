"""The access matrix: every address, every method, every role, and what each gets.

``*.csv`` beside this file are the reviewed tables, one line for each answer that differs. Columns are persons; cells are
statuses, and in place of some of them ``ok`` (200 to 299), ``in`` (sent to the sign-in page) and ``go`` (sent elsewhere).
What was sent is a form without content, or the API document's own example: 400, 409, 412, 422 and 428 mean that the
person may, and that what was sent may not. A method without a line is answered with 405.

States of what an address names: ``open`` is in work and not signed, ``signed`` by its head, ``locked`` with its month,
``deleted`` set aside, ``none`` never was. A line without a state is of an address that names nothing.
"""
