"""Pages for people, from the Jinja2 templates in ``templates/``."""
