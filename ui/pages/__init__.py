"""The pages: a class each, whose served methods the module of its name in assets/web/pages calls."""
