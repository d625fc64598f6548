"""The members of presence's sorted sets, and the scripts that change them: one key each.

A member is a connection, ``user/node/sid``, or marks its user as gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from meeple.protocols import Gone

#: How a member ends that is no connection but marks its user as gone: on purpose, or by a line that
#: broke. Its score is when it was, and `MARK_TTL`.
CLOSED, LOST = "//closed", "//lost"
#: Seconds that a mark lives: after it, who is still missing is marked anew, as gone from then on.
MARK_TTL = 24 * 3600

# Each script does all that is to be done to one key, so no key can be left without a time to live;
# and whoever comes by sweeps up after dead nodes. burner-redis keeps an emptied sorted set, so it
# is deleted by hand; Redis has done so already.
# A key lives as long as its longest-lived member: a mark outlives every connection.
_KEEP = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
if last[2] then
  local seconds = math.ceil((tonumber(last[2]) - tonumber(ARGV[1])) / 1000)
  redis.call('EXPIRE', KEYS[1], string.format('%d', seconds))
end
"""
#: KEYS a sorted set; ARGV now (ms), expiry (ms), members. Whoever comes is marked no more.
COME = f"""
for i = 3, #ARGV do
  local user = string.match(ARGV[i], '^[^/]*')
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[i])
  redis.call('ZREM', KEYS[1], user .. '{CLOSED}', user .. '{LOST}')
end
{_KEEP}
return 1
"""
#: KEYS a sorted set; ARGV now (ms), members.
GONE = """
for i = 2, #ARGV do redis.call('ZREM', KEYS[1], ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) == 0 then redis.call('DEL', KEYS[1]) end
return 1
"""
#: KEYS a sorted set; ARGV now (ms). Gives member, expiry, member, expiry, …
LOOK = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[1])
  return {}
end
return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
"""
#: KEYS a sorted set; ARGV now (ms), expiry of the marks (ms), CLOSED or LOST, users. Marks the
#: users that have no connection in the set, and gives what `LOOK` gives. In one script, so that
#: nobody can come between the look and the mark.
MARK = f"""
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local members = redis.call('ZRANGE', KEYS[1], 0, -1)
for i = 4, #ARGV do
  local here, closed, lost = false, ARGV[i] .. '{CLOSED}', ARGV[i] .. '{LOST}'
  for _, member in ipairs(members) do
    local own = string.sub(member, 1, #ARGV[i] + 1) == ARGV[i] .. '/'
    if own and member ~= closed and member ~= lost then here = true end
  end
  local marked = redis.call('ZSCORE', KEYS[1], closed)
  if ARGV[3] == '{LOST}' then marked = marked or redis.call('ZSCORE', KEYS[1], lost) end
  if not here and not marked then
    redis.call('ZREM', KEYS[1], lost)
    redis.call('ZADD', KEYS[1], ARGV[2], ARGV[i] .. ARGV[3])
  end
end
{_KEEP}
return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
"""


def parse(member: str) -> tuple[UUID, str, str]:
    """The user, the node and the connection of a member; a mark has no node."""
    user_id, node, sid = member.split("/", 2)
    return UUID(user_id), node, sid


def marks(row: Mapping[str, int], earliest: int) -> dict[UUID, Gone]:
    """The users who are marked as gone in ``row``, none as gone since before ``earliest`` (ms)."""
    marks: dict[UUID, Gone] = {}
    for member, expiry in row.items():
        if member.endswith((CLOSED, LOST)):
            user_id, node, _ = parse(member)
            if not node:  # else it is the name of a connection that ends so
                since = max(expiry - MARK_TTL * 1000, earliest)
                marks[user_id] = Gone(since, member.endswith(CLOSED))
    return marks
