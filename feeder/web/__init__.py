"""What answers over HTTP: subscription pages, the webhook, ``out/`` for small sites, and the writer's preview."""
