import { describe, expect, it } from 'vitest';
import { fieldWords } from '../../console/error-fields.ts';

describe('the fields of a refusal', () => {
  it('say nothing that its own sentence says already', () => {
    const detail = 'Redis is at 127.0.0.1.';
    const fields = [
      { pointer: '/checks/registry_address', message: `${detail} Name the address.` },
      { pointer: '/checks/program', message: 'Node is not here. Fetch it.' },
    ];
    expect(fieldWords({ detail, fields })).toEqual([
      { pointer: null, message: 'Node is not here. Fetch it.' },
    ]);
  });

  it('of a request are named as they stand in it', () => {
    const fields = [{ pointer: '/port', message: 'is too big' }];
    expect(fieldWords({ detail: 'The request is not right.', fields })).toEqual(fields);
  });
});
