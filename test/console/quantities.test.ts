import { describe, expect, it } from 'vitest';
import {
  ago,
  bytes,
  bytesPerSecond,
  hostAndPort,
  longSpan,
  percent,
  signedSeconds,
  span,
} from '../../console/quantities.ts';

describe('figures in words', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_500, '1.5 kB'],
    [999_950, '1 MB'],
    [16e9, '16 GB'],
    [145_250_000_000, '145 GB'],
    [null, '–'],
    [undefined, '–'],
  ])('tells %s bytes as %s', (value, text) => expect(bytes(value)).toBe(text));

  it.each([
    [0, '0 %'],
    [0.44, '0.4 %'],
    [9.96, '10 %'],
    [97.4, '97 %'],
    [null, '–'],
  ])('tells %s percent as %s', (value, text) => expect(percent(value)).toBe(text));

  it.each([
    [0.2, '0 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7_199, '119 min'],
    [7_200, '2 h'],
    [172_800, '2 d'],
  ])('tells %s seconds as %s', (value, text) => expect(span(value)).toBe(text));

  it('tells ages, rates, long spans and offsets', () => {
    expect(ago(0.4)).toBe('just now');
    expect(ago(42)).toBe('42 s ago');
    expect(bytesPerSecond(2_000)).toBe('2 kB/s');
    expect(bytesPerSecond(null)).toBe('–');
    expect(longSpan(4 * 86_400 + 3 * 3_600)).toBe('4 d 3 h');
    expect(longSpan(null)).toBe('–');
    expect(signedSeconds(62)).toBe('+62 s');
    expect(signedSeconds(-0.3)).toBe('−0.3 s');
    expect(signedSeconds(0.04)).toBe('0 s');
    expect(signedSeconds(null)).toBe('–');
  });

  it.each([
    ['10.0.1.100', 8768, '10.0.1.100:8768'],
    ['fe80::1', 8768, '[fe80::1]:8768'],
    ['10.0.1.100', 0, '10.0.1.100'],
    ['', 0, '–'],
    ['', 8768, '–'],
  ])('tells host %j and port %s as %s', (host, port, text) => expect(hostAndPort(host, port)).toBe(text));
});
