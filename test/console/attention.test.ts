import { describe, expect, it } from 'vitest';
import { attention } from '../../console/attention.ts';
import { machine } from './page-data.ts';

const offline = (id: number, age: number) =>
  machine({ machine_id: `o-${id}`, hostname: `off-${id}`, status: 'offline', last_seen_age_seconds: age });

describe('what needs attention', () => {
  it('is nothing when all is well', () => {
    expect(attention([machine(), machine({ machine_id: 'm-2', disk_percent: 89.9 })])).toEqual([]);
  });

  it('names single machines and leads to them, the worst first', () => {
    const lines = attention([
      machine({ machine_id: 'l', hostname: 'late-1', status: 'late', last_seen_age_seconds: 40 }),
      offline(1, 300),
      offline(2, 7_200),
      machine({ machine_id: 'd', hostname: 'full-1', disk_percent: 96 }),
    ]);
    expect(lines.map((line) => [line.tone, line.subject])).toEqual([
      ['bad', 'off-2'],
      ['bad', 'off-1'],
      ['bad', 'full-1'],
      ['warn', 'late-1'],
    ]);
    expect(lines[0]).toMatchObject({
      href: '/machines/o-2',
      sentence: 'is offline; its last report came 2 h ago.',
    });
  });

  it('makes one line of many of one kind', () => {
    const lines = attention([offline(1, 100), offline(2, 200), offline(3, 300), offline(4, 7_200)]);
    expect(lines).toEqual([
      {
        key: 'offline',
        tone: 'bad',
        subject: null,
        sentence: '4 Macs are offline, the longest for 2 h.',
        href: '/?status=offline',
      },
    ]);
  });
});
