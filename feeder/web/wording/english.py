"""The texts of the subscription pages in English."""

from __future__ import annotations

from feeder.web.wording.values import Refusal, WebWords

EN = WebWords(
    subscribe_title="Subscribe to {list}",
    subscribe_text="Leave an address, and the news comes as often as you choose.",
    lists_title="Subscribe by mail",
    lists_text="Choose what you would like to get:",
    lists_none="There is nothing to subscribe to by mail yet.",
    address="Mail address",
    address_hint="For example name@example.org",
    address_wrong="This address does not look complete; please have another look. For example name@example.org.",
    how_often="How often",
    frequencies={
        "instant": "As it happens",
        "daily": "Once a day",
        "weekly": "Every {weekday}",
        "monthly": "Once a month",
    },
    your_zone="Send it at {hour}:00 in my time zone:",
    leave_empty="Please leave this empty",
    consent="By pressing “Subscribe” I agree to get {list} by mail. I can unsubscribe at any time.",
    subscribe="Subscribe",
    next_step="We first send a mail to confirm. Nothing else comes until you press the button in it.",
    too_fast="That was quick. Please press “Subscribe” once more, so that we know it was not a program.",
    too_old="This page has been open for a while. What you filled in is still there; please press “Subscribe” again.",
    once_more="One step is left: see whether this is right, then press “Subscribe”.",
    past="Past digests",
    asked_title="Please look into your mailbox",
    asked_text="A mail about {list} is on its way to this address. Press the button in it, and you are subscribed.",
    asked_hint=(
        "Nothing there after some minutes? Have a look at your spam folder. An address gets one such mail a day; if "
        "one came earlier, please use that: this request is confirmed there as well."
    ),
    asked_wrong="Not your address? Fill it in again",
    confirm_title="Confirm {list}",
    confirm_text="One step is left: press the button to confirm that it is you who wants to subscribe.",
    confirm_hint="If it was not you who asked, just close this page: without confirmation there is no subscription.",
    confirm="Confirm",
    confirmed_title="You are subscribed",
    confirmed_text="{list} will come to you ({frequency}). Thank you!",
    confirm_also="Somebody also asked for {list} with this address. If that was you, confirm it here.",
    confirmed_hint="You can change how often, when, which tags and which language at any time.",
    unsubscribe_title="Unsubscribe from {list}",
    unsubscribe_text="Press the button, and {list} will not come to you any more.",
    unsubscribe="Unsubscribe",
    unsubscribe_all="Unsubscribe from all",
    unsubscribe_all_text="You can also end all mail from {site} at once.",
    unsubscribe_all_title="Unsubscribe from all mail",
    unsubscribed_title="You are unsubscribed",
    unsubscribed_text="{list} will not come to you any more. Thank you for reading until today.",
    unsubscribed_all_text="No mail from {site} will come to you any more. Thank you for reading until today.",
    unsubscribed_hint="If a mail is on its way at this moment, it may still arrive as the last one.",
    come_back="Pressed by mistake? Subscribe again",
    preferences_title="Your subscriptions",
    preferences_text="These are the settings of {address}.",
    preferences_none="You have no subscriptions at the moment.",
    states={
        "active": "subscribed",
        "paused": "paused",
        "pending": "waiting: please press the button in the mail we sent",
        "ended": "unsubscribed",
    },
    pending_here="waiting for you to confirm",
    save="Save",
    hour="Time of day",
    hour_default="As usual ({hour}:00)",
    hour_of_day="{hour}:00",
    zone="Time zone",
    zone_default="As usual ({zone})",
    zone_here="Use the zone of this device: {zone}",
    language="Language of the mails",
    language_default="As usual ({language})",
    tags="Only these tags",
    tags_text="None chosen means everything.",
    pause="Pause",
    pause_text="Away for a while? Pause, and go on later. What comes out meanwhile is not sent afterwards.",
    resume="Go on",
    resume_text="Nothing is sent to you at the moment.",
    not_offered="This is no longer published.",
    others="Also on offer",
    done={
        "confirmed": "Confirmed: you are subscribed.",
        "changed": "Saved.",
        "paused": "Paused: nothing comes until you choose to go on.",
        "resumed": "Mails will come again.",
        "ended": "You are unsubscribed.",
        "all": "You are unsubscribed from everything.",
        "data": "A link is on its way to your address. It works for a day; there is no more than one such mail a day.",
    },
    wrong_choice="Not saved: one of the choices does not exist. Please choose again.",
    your_data="Your data",
    your_data_text=(
        "You can download everything we keep about you, or have all of it erased. Mails that you forward hold the link "
        "to this page as well, so we first send you one of its own."
    ),
    data_send="Send me the link",
    data_text="Here you can download everything we keep about you, or have all of it erased.",
    export="Download my data",
    erase="Erase my data",
    erase_title="Erase your data",
    erase_text=(
        "Your address, subscriptions, settings and what we noted of our mails to you are erased. It cannot be undone.",
        "What is left is a keyed fingerprint of the address, which keeps others from subscribing you again.",
        "If you want to come back yourself, subscribe and confirm.",
    ),
    erase_button="Erase everything",
    erase_back="Keep it, go back",
    erased_title="Erased",
    erased_text="Your data has been erased, and no mail of ours will come to you any more.",
    to_site="Back to {site}",
    busy_title="Too many requests, please come back later",
    busy_text=(
        "There are too many requests from your network or for this mail provider right now. Please try again in "
        "{minutes} min. You did nothing wrong, and existing subscriptions are as they were."
    ),
    again="Try again",
    bad_link=Refusal(
        "This link does not work any more",
        "It may be incomplete or too old, or what it should confirm is gone. Please use the link in the newest mail, "
        "or subscribe again.",
    ),
    refusals={
        400: Refusal("We could not read this request", "Please go back and try once more."),
        404: Refusal("Page not found", "There is nothing at this address. It may be misspelt, or has moved away."),
        405: Refusal(
            "That does not work here",
            "This address takes no such requests. Please start from the link in a mail or from the subscription page.",
        ),
        408: Refusal("That took too long", "The request did not arrive in time; please try again."),
        413: Refusal("Too long", "What was sent is longer than anything needed here; please shorten it and try again."),
        415: Refusal("We could not read this request", "Please use the form on the page."),
        500: Refusal("Something went wrong", "That was our fault, not yours. Please try again later."),
        503: Refusal(
            "Please try again in a moment",
            "The subscription service is busy or being looked after, so this is not done yet. No subscription is lost; "
            "please try again in a minute.",
        ),
    },
    alarm_title="Unusually many requests to subscribe",
    alarm_text=(
        "There were {count} requests to subscribe within an hour, which is the bound ([web.limits] per_hour). Until "
        "they become fewer, new ones are asked to come back later; subscriptions and mails are as they were."
    ),
)
