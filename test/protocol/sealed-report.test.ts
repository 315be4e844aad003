import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { sealReport } from '../../src/protocol/report-envelope.ts';
import { openReport } from '../../src/protocol/sealed-report.ts';
import { makeReport } from '../fakes/report.ts';

interface Vectors {
  key: string;
  nonce: string;
  report: unknown;
  sealed: string;
  cases: { title: string; body: string; encoding: 'utf8' | 'base64'; outcome: string; machine_id?: string }[];
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../vectors/sealed-reports.json', import.meta.url), 'utf8'),
);
const vectorKey = new Secret(Buffer.from(vectors.key, 'base64'));
const key = new Secret(randomBytes(32));

describe('the vectors', () => {
  it('seals to exactly these bytes under a fixed key and nonce', () => {
    const sealed = sealReport(vectors.report, vectorKey, Buffer.from(vectors.nonce, 'base64'));
    expect(Buffer.from(sealed).toString('utf8')).toBe(vectors.sealed);
  });

  it.each(vectors.cases)('$title: $outcome', ({ body, encoding, outcome, machine_id }) => {
    const opening = openReport(Buffer.from(body, encoding), vectorKey);
    expect(opening.kind).toBe(outcome);
    if (opening.kind === 'opened') expect(opening.opened.report.machine_id).toBe(machine_id);
  });
});

describe('openReport', () => {
  it('gives back what was sealed, and the nonce that names the sealing', () => {
    const nonce = randomBytes(12);
    const opening = openReport(sealReport(makeReport(), key, nonce), key);
    expect(opening).toEqual({ kind: 'opened', opened: { report: makeReport(), nonce } });
  });

  it('refuses every change of a single byte, to each of the 255 other values', () => {
    const { machine_id, metrics } = makeReport({ machineId: 'm' });
    const body = sealReport({ machine_id, machine_info: { hostname: 'h' }, metrics }, key, randomBytes(12));
    const changed = Uint8Array.from(body);
    const believed: string[] = [];
    for (let at = 0; at < body.byteLength; at += 1) {
      for (let value = 0; value < 256; value += 1) {
        if (value === body[at]) continue;
        changed[at] = value;
        if (openReport(changed, key).kind !== 'refused') believed.push(`${at}: ${value}`);
      }
      changed[at] = body[at] ?? 0;
    }
    expect(believed).toEqual([]);
  });

  it('refuses a report that was cut anywhere, or continued', () => {
    const body = sealReport(makeReport(), key, randomBytes(12));
    for (let length = 0; length < body.byteLength; length += 1) {
      expect(openReport(body.subarray(0, length), key)).toEqual({ kind: 'refused' });
    }
    expect(openReport(Buffer.concat([body, Buffer.from('x')]), key)).toEqual({ kind: 'refused' });
  });

  it('opens an envelope in another order, with spaces and with escapes, as other programs write JSON', () => {
    const { nonce, ciphertext } = JSON.parse(
      Buffer.from(sealReport(makeReport(), key, randomBytes(12))).toString(),
    );
    const escaped = ciphertext.replaceAll('/', '\\/').replaceAll('A', '\\u0041');
    const body = `\n{ "ciphertext": "${escaped}",\t"version": "1", "encrypted": true, "nonce": "${nonce}" } `;
    expect(openReport(Buffer.from(body), key).kind).toBe('opened');
  });

  it.each([
    ['brackets', (most: number) => `{"x":${'['.repeat(most / 2)}${']'.repeat(most / 2)}}`],
    ['names', (most: number) => `{${Array.from({ length: most / 16 }, (_, at) => `"${at}":0`).join()}}`],
  ])('parses no long body of nothing but %s, which costs more than an envelope', (_, make) => {
    expect(openReport(Buffer.from(make(4096)), key)).toEqual({ kind: 'plain' });
    expect(openReport(Buffer.from(make(200_000)), key)).toEqual({ kind: 'refused' });
  });

  it('refuses a report sealed under another key', () => {
    const body = sealReport(makeReport(), new Secret(randomBytes(32)), randomBytes(12));
    expect(openReport(body, key)).toEqual({ kind: 'refused' });
  });
});

describe('sealReport', () => {
  it('refuses a nonce of another length', () => {
    expect(() => sealReport(makeReport(), key, randomBytes(16))).toThrow('a nonce has 12 bytes');
  });

  it('leaves no text of the report readable', () => {
    const body = Buffer.from(sealReport(makeReport(), key, randomBytes(12)));
    expect(body.toString('latin1')).not.toMatch(/studio|hostname|4C4C4544/);
  });
});
