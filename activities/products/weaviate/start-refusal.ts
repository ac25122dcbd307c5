import type { FailureCode } from '../../../workflows/contract/failures.ts';
import type { HoldfastError } from '../../failure.ts';
import { failure, inItsPlace, isItsOwn, refusal, type Complaint } from './failures.ts';
import { isSince, SINCE, type Version } from './version.ts';

interface Refused {
  server: string;
  operation: string;
  version: Version;
  /** How long this run has been asking already. */
  elapsedMs: number;
}

/** A fault that its text does not tell from a final one is believed to pass for so long. */
const BENEFIT_OF_DOUBT_MS = 10 * 60_000;

/**
 * What a refusal to begin a backup or a restore means: 422 stands for final refusals, for a busy server and for a
 * storage that cannot be reached; 500 for the latter, and for a storage that the server may not write to.
 */
export function startRefusal(complaint: Complaint, refused: Refused): HoldfastError {
  const { status, message } = complaint;
  const { server, operation, version, elapsedMs } = refused;
  const fail = (code: FailureCode, what: string) =>
    failure(code, complaint, server, operation, what);
  if (status === 404 && !isItsOwn(complaint)) return inItsPlace(complaint, server, operation);
  if (/already in progress/.test(message)) {
    return fail('TARGET_BUSY', 'another backup or restore is under way');
  }
  if (/reindex/i.test(message)) return fail('TARGET_BUSY', 'a class is being indexed anew');
  if (FORBIDDEN_STORAGE.test(message)) {
    return fail('TARGET_REFUSED', 'the server may not use its own backup storage');
  }
  if (status !== 422) return refusal(complaint, server, operation);
  if (/^check if backup .* exists at .*%!w\(<nil>\)/.test(message) || ALREADY.test(message)) {
    return fail('JOB_NAME_TAKEN', 'there is a backup of this name, finished or not');
  }
  if (NO_BASE.test(message) && elapsedMs >= BENEFIT_OF_DOUBT_MS) {
    return fail('TARGET_REFUSED', 'a backup that it rests on is gone from the server’s storage');
  }
  if (OWN_STORAGE.test(message) || NO_BASE.test(message)) {
    return fail('TARGET_ERROR', 'the server does not reach its own backup storage');
  }
  const dishonest = !isSince(version, SINCE.honestStatus);
  if (dishonest && elapsedMs < BENEFIT_OF_DOUBT_MS && !FINAL.test(message)) {
    return fail('TARGET_ERROR', 'the server refused it, which may pass on this version');
  }
  return fail('TARGET_REFUSED', 'the server refused it');
}

/** Whether the server cannot build on the backup that an incremental one was to rest on, or on one below it. */
export function isBrokenChain({ status, message }: Complaint): boolean {
  return status === 422 && /resolve base backup chain/.test(message);
}

const ALREADY = /^backup .* already exists/;
const OWN_STORAGE = /^(check if backup .* exists at|find backup )/;
/** Said of a base that is gone, and of a storage that is away. */
const NO_BASE = /resolve base backup chain: could not fetch base backup/;
const FORBIDDEN_STORAGE =
  /access-?check.*(access ?denied|no ?such ?bucket|bucket does not exist|access ?key ?id|signaturedoesnotmatch|forbidden)/is;

/** What servers before 1.37.10 and 1.38.2 say with the status of a fault that passes, and mean. */
const FINAL =
  /invalid backup id|cannot both contain|duplicate|nothing to do here|empty class list|doesn't exist|no backup backend|local filesystem|nothing left to restore|invalid backup |wrong backup file|corrupted backup|version|base backup/i;
