"""Subscribers in CSV files: ours, and the exports of listmonk, Mailchimp, Buttondown, Substack and Ghost.

``sheets`` reads any CSV record by record, ``formats`` says which columns whose export has, ``importing`` puts the rows
into the mail database, ``exporting`` writes them out.
"""
