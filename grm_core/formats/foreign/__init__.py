"""Files of others: what a file is follows from its content, never from its name. docs/files.md lists every form.

contents     bytes            -> records: JSON Lines, JSON, CSV, Parquet; UTF-8 or UTF-16
texts        a value          -> a text, or the turns of a chat
preference   a record         -> an item, where one response was chosen and another rejected
sides        a record         -> an item, where responses stand in columns of their own (Arena, a and b)
candidates   a record         -> an item, where responses stand in one list, with or without ratings
forms        a record         -> which of these it is
reading      a file           -> its items, with what was understood and what was left out
judged       judgments        -> blocks of SAMPLES.jsonl, marked as foreign
alpaca_eval, rewardbench2, langfuse, telemetry, inspect_log    a file of finished judgments -> judgments
imports      a file           -> what `import` takes of it
"""
