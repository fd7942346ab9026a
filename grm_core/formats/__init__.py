"""The files, a module each: what a line holds, how it is read, how it is written. docs/formats.md lists them.

items        ITEMS.jsonl      what is to be judged
sessions     SAMPLES.jsonl    blocks of a run line (`runs`), item lines and sample lines (`samples`)
annotations  LABELS.jsonl     what annotators said, and the shapes of it that training and others read
verdicts     VERDICTS.jsonl   the baselines' verdicts
lines        JSON Lines       one place where lines are split, parsed and written
fields       types of fields, and what is said of a value that is not one
"""
