import { hostname, userInfo } from 'node:os';
import { FileLocked, type Store } from '../../stores/store.ts';
import { asCount, asString, parseJsonObject } from '../json.ts';
import { isTime } from '../snapshot.ts';

/** A lock as stored (restic's design document, "Locks"). */
export interface LockFile {
  /** RFC 3339, with a time zone. */
  readonly time: string;
  readonly exclusive: boolean;
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** Without a refresh for this long, a lock counts for nothing. restic's time. */
const staleAfterMs = 30 * 60 * 1000;

/** A lock of this process. */
export function newLockFile(exclusive: boolean, nowMs: number): LockFile {
  const { username, uid, gid } = userInfo();
  return {
    time: new Date(nowMs).toISOString(),
    exclusive,
    hostname: hostname(),
    username,
    pid: process.pid,
    ...(uid > 0 && { uid }),
    ...(gid > 0 && { gid }),
  };
}

export function encodeLockFile(lock: LockFile): Buffer {
  const { time, exclusive, username, pid, uid, gid } = lock;
  return Buffer.from(JSON.stringify({ time, exclusive, hostname: lock.hostname, username, pid, uid, gid }));
}

/**
 * Removes a lock, and tells whether it is gone: a retention that a bucket puts on each object keeps locks too, which
 * count for nothing once they are stale.
 */
export async function removeLockFile(store: Store, name: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await store.remove({ type: 'lock', name }, signal);
    return true;
  } catch (error) {
    if (error instanceof FileLocked) return false;
    throw error;
  }
}

/** Undefined when the JSON has not the form of a lock. */
export function decodeLockFile(bytes: Buffer): LockFile | undefined {
  const json = parseJsonObject(bytes);
  const time = asString(json?.time);
  const exclusive = json?.exclusive;
  const pid = asCount(json?.pid);
  if (!isTime(time) || typeof exclusive !== 'boolean' || pid === undefined) return undefined;
  return {
    time,
    exclusive,
    hostname: asString(json?.hostname) ?? '',
    username: asString(json?.username) ?? '',
    pid,
  };
}

/** Whether nobody can hold the lock any more: it was not refreshed, or its process on this host has died. */
export function isStale(lock: LockFile, nowMs: number): boolean {
  if (nowMs - Date.parse(lock.time) > staleAfterMs) return true;
  return lock.hostname === hostname() && !isAlive(lock.pid);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user cannot be signalled, but it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
