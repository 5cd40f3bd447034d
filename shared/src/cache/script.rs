//! The Lua scripts. Each touches keys of one slot, names them all in KEYS and leaves nothing half done.

use std::sync::OnceLock;

/// A script and its hash.
pub(super) struct Script {
    text: &'static str,
    hash: OnceLock<String>,
}

impl Script {
    const fn new(text: &'static str) -> Self {
        Self {
            text,
            hash: OnceLock::new(),
        }
    }

    pub(super) fn text(&self) -> &'static str {
        self.text
    }

    pub(super) fn hash(&self) -> &str {
        self.hash
            .get_or_init(|| redis::Script::new(self.text).get_hash().to_owned())
    }
}

/// One call of a script: its KEYS and its ARGV.
pub(super) struct ScriptCall {
    pub(super) keys: Vec<String>,
    pub(super) arguments: Vec<String>,
}

/// KEYS fence; ARGV new token, fence TTL. Answers the fence's token and its last clear by an operator; sets the new token where there is none. A fence that
/// Redis lost is thereby told from one that was there all the time.
pub(super) static LEASE: Script = Script::new(
    "local token = redis.call('HGET', KEYS[1], 'token')
if not token then
  token = ARGV[1]
  redis.call('HSET', KEYS[1], 'token', token)
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return {token, redis.call('HGET', KEYS[1], 'cleared') or ''}",
);

/// KEYS entry, fence; ARGV lease, version, TTL, fence TTL, new token, the lease's last clear, field, value, ...
/// 1: written. 0: a newer row was cached already. -1: since the lease was taken, Redis lost the fence or an operator cleared, so nothing is known; lease and
/// read again.
pub(super) static REFRESH: Script = Script::new(
    "local token, min_version, cleared = unpack(redis.call('HMGET', KEYS[2], 'token', 'floor', 'cleared'))
if (cleared or '') ~= ARGV[6] then
  return -1
elseif min_version then
  if min_version > ARGV[2] then return 0 end
elseif token ~= ARGV[1] then
  return -1
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 7))
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('HSET', KEYS[2], 'token', ARGV[5], 'floor', ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1",
);

/// KEYS entry, fence; ARGV lease, TTL, field, value, ... Writes the hash if no clear and no write came since the lease. 1: written, 0: not.
pub(super) static PUT_HASH_IF: Script = Script::new(
    "if redis.call('HGET', KEYS[2], 'token') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1",
);

/// KEYS entry, fence; ARGV lease, TTL, value. Writes the text if no clear came since the lease. 1: written, 0: not.
pub(super) static PUT_IF: Script = Script::new(
    "if redis.call('HGET', KEYS[2], 'token') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[2])
return 1",
);

/// KEYS fence, entry, ...; ARGV new token, fence TTL. Answers how many entries there were.
pub(super) static CLEAR: Script = Script::new(
    "redis.call('HSET', KEYS[1], 'token', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('UNLINK', unpack(KEYS, 2))",
);

/// KEYS fence and perhaps its entry; ARGV new token, fence TTL. An operator's clear: the minimum version goes, because what the store has after it may be older than what
/// was cached before; and nobody whose lease is older writes again, whatever version he has read. Answers how many entries there were.
pub(super) static FORGET: Script = Script::new(
    "redis.call('HSET', KEYS[1], 'token', ARGV[1], 'cleared', ARGV[1])
redis.call('HDEL', KEYS[1], 'floor')
redis.call('EXPIRE', KEYS[1], ARGV[2])
if not KEYS[2] then return 0 end
return redis.call('UNLINK', KEYS[2])",
);

/// KEYS entry, fence; ARGV lease, new token, fence TTL. Removes the entry if no clear and no write came since the lease. 1: removed or absent, 0: not.
pub(super) static DROP_IF: Script = Script::new(
    "if redis.call('HGET', KEYS[2], 'token') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], 'token', ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('UNLINK', KEYS[1])
return 1",
);

/// KEYS hash; ARGV TTL, field, value, ...
pub(super) static PUT_HASH: Script = Script::new(
    "redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1",
);

/// KEYS lock; ARGV token. Releases the lock if it is still this one's.
pub(super) static RELEASE_LOCK: Script = Script::new(
    "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])",
);

/// KEYS counter; ARGV TTL in milliseconds. Counts one; answers the count and the milliseconds until it begins again.
pub(super) static COUNT: Script = Script::new(
    "local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}",
);
