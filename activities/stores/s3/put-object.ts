import { crc32 } from 'node:zlib';
import { PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import { delayed } from '../interruption.ts';
import { checksumOf } from './checksum.ts';
import { faultOf, isDenied, isPassing } from './failure.ts';
import { newMark, whoseObject, WRITE_MARK, type Written } from './own-object.ts';
import type { Abilities, S3Requests } from './requests.ts';

/** An abort that comes while the store may be committing waits so long for the answer: a known end beats a doubt. */
export const COMMIT_GRACE_MS = 300;

/** Thrown as S3 would, by the paths that find out by looking. */
export class AlreadyThere extends Error {
  readonly $metadata = { httpStatusCode: 412 };
  override readonly name = 'PreconditionFailed';
}

/**
 * Creates an object from memory, once: never over another one, and never twice by its own retries.
 * @param crc of the body, where the caller knows it already
 */
export async function putOnce(
  requests: S3Requests,
  where: { bucket: string; key: string },
  body: Uint8Array,
  signal: AbortSignal | undefined,
  crc?: number,
): Promise<void> {
  signal?.throwIfAborted();
  const written: Written = { ...where, mark: newMark(), bytes: body.byteLength };
  const patient = delayed(signal, COMMIT_GRACE_MS);
  try {
    await put(requests, written, { body, crc }, patient.signal, signal);
  } finally {
    patient.end();
  }
}

interface Content {
  body: Uint8Array;
  crc?: number | undefined;
}

async function put(
  requests: S3Requests,
  written: Written,
  content: Content,
  patient: AbortSignal,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { abilities } = requests;
  if (abilities.conditional !== 'honoured') await refuseTaken(requests, written, signal);
  const input = putInput(written, content, {
    conditional: abilities.conditional !== 'ignored',
    checksum: abilities.crc32 !== 'ignored',
  });
  const send = () =>
    requests.send({ signal: patient, passing: isConflict }, (client, bind) =>
      client.send(bind(new PutObjectCommand(input))),
    );
  try {
    const { ChecksumCRC32 } = await send();
    if (abilities.crc32 === 'unproven') {
      abilities.crc32 = ChecksumCRC32 === input.ChecksumCRC32 ? 'checked' : 'ignored';
    }
  } catch (error) {
    if (leavesOutHeader(abilities, input, error)) {
      return put(requests, written, content, patient, signal);
    }
    const fault = faultOf(error);
    if (fault.status !== 412 && !isPassing(error)) throw error;
    patient.throwIfAborted();
    // Perhaps an earlier try of this very call was the one that got through.
    const whose = await whoseObject(requests, written, { signal: patient });
    if (whose === 'own') return;
    throw whose === 'other' ? new AlreadyThere() : error;
  }
  if (abilities.conditional === 'unproven') abilities.conditional = await proveCondition(send);
}

/** The same bytes once more, under the same name: a store that takes them does not obey the condition. Harmless. */
async function proveCondition(again: () => Promise<unknown>) {
  try {
    await again();
    return 'ignored';
  } catch (error) {
    return faultOf(error).status === 412 ? 'honoured' : 'unproven';
  }
}

/** For a store without conditional writes: leaves a small gap, which names that are never used twice make harmless. */
export async function refuseTaken(
  requests: S3Requests,
  written: Written,
  signal: AbortSignal | undefined,
): Promise<void> {
  const whose = await whoseObject(requests, written, { signal });
  if (whose !== 'none') throw new AlreadyThere();
}

export async function putOver(
  requests: S3Requests,
  where: { bucket: string; key: string },
  body: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const written: Written = { ...where, mark: newMark(), bytes: body.byteLength };
  const checksum = requests.abilities.crc32 === 'checked';
  const input = putInput(written, { body }, { conditional: false, checksum });
  await requests.send({ signal, passing: isConflict }, (client, bind) =>
    client.send(bind(new PutObjectCommand(input))),
  );
}

function putInput(
  written: Written,
  { body, crc }: Content,
  { conditional, checksum }: { conditional: boolean; checksum: boolean },
): PutObjectCommandInput {
  return {
    Bucket: written.bucket,
    Key: written.key,
    Body: body,
    ContentLength: body.byteLength,
    ContentType: 'application/octet-stream',
    Metadata: { [WRITE_MARK]: written.mark },
    ...(checksum && { ChecksumCRC32: checksumOf(crc ?? crc32(body)) }),
    ...(conditional && { IfNoneMatch: '*' }),
  };
}

/** Which header of the request a store does not bear is found by leaving them out in turn. */
function leavesOutHeader(
  abilities: Abilities,
  { ChecksumCRC32, IfNoneMatch }: PutObjectCommandInput,
  error: unknown,
): boolean {
  if (ChecksumCRC32 !== undefined && abilities.crc32 !== 'checked' && isRefusal(error)) {
    abilities.crc32 = 'ignored';
  } else if (IfNoneMatch !== undefined && isNotImplemented(error)) {
    abilities.conditional = 'ignored';
  } else {
    return false;
  }
  return true;
}

/** Some stores answer a header that they do not know with a 400 instead of a 501. */
function isRefusal(error: unknown): boolean {
  const fault = faultOf(error);
  const refused = fault.status === 400 && !isDenied(fault) && !isPassing(error);
  return refused || isNotImplemented(error);
}

/** Two writers met; the loser is asked to come again and then finds the winner's object. */
export function isConflict(error: unknown): boolean {
  return faultOf(error).status === 409;
}

export function isNotImplemented(error: unknown): boolean {
  const { code, status } = faultOf(error);
  return status === 501 || code === 'NotImplemented';
}
