"""The judge over HTTP: who may ask, what is asked, and how trainers are answered. It knows no page and no command."""
