"""WebSub (https://www.w3.org/TR/websub/): telling the hub that topics changed."""
