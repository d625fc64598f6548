"""``python -m meeple.engines.duel`` prints the card list that docs/games/duel.md holds."""

from meeple.engines.duel.booklet import card_list

if __name__ == "__main__":
    print(card_list())
