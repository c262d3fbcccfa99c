"""Plays a word in Morse code into a WAV file: the sound of entries/2026/morse-rss/.

python docs/pictures/play_morse.py RSS rss.wav && lame --quiet -m m -b 32 rss.wav entries/2026/morse-rss/rss.mp3
"""

from __future__ import annotations

import math
import sys
import wave

CODE = {"D": "-..", "E": ".", "F": "..-.", "R": ".-.", "S": "...", " ": ""}
RATE, PITCH, DOT = 16_000, 600, 0.09
"""Samples a second, Hz, seconds."""


def tone(seconds: float, volume: float) -> bytes:
    """A sine tone that swells and fades for 5 ms, so that it does not click."""
    count, edge = int(seconds * RATE), RATE // 200
    samples = bytearray()
    for n in range(count):
        swell = min(1.0, n / edge, (count - n) / edge)
        value = int(32_767 * volume * swell * math.sin(2 * math.pi * PITCH * n / RATE))
        samples += value.to_bytes(2, "little", signed=True)
    return bytes(samples)


def morse(word: str) -> bytes:
    """The word with the usual proportions: dash 3 dots, gap 1, between letters 3."""
    sound = tone(3 * DOT, 0)
    for letter in word:
        for sign in CODE[letter]:
            sound += tone(DOT if sign == "." else 3 * DOT, 0.6) + tone(DOT, 0)
        sound += tone(2 * DOT, 0)
    return sound + tone(3 * DOT, 0)


if __name__ == "__main__":
    text, target = sys.argv[1:]
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(morse(text))
