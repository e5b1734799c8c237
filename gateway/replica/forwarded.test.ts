import fc from 'fast-check';
import { expect, it } from 'vitest';
import { forwardedLine, MAX_LINE, readForwarded } from './forwarded.ts';

const forwarded = fc.record({
  door: fc.constantFrom('http' as const, 'peer' as const),
  client: fc.oneof(fc.ipV4(), fc.ipV6()),
  port: fc.integer({ min: 0, max: 65_535 }),
});

it('comes back as it was said, within the length that is read', () => {
  fc.assert(
    fc.property(forwarded, (said) => {
      const line = forwardedLine(said);
      expect(line.length).toBeLessThanOrEqual(MAX_LINE);
      expect(readForwarded(line)).toEqual(said);
    }),
  );
});

it.each([
  '',
  '\n',
  'GET / HTTP/1.1\n',
  'TONGBAN/1 http 10.1.2.3 80',
  'TONGBAN/1 http 10.1.2.3 80\nx\n',
  'TONGBAN/1 http 10.1.2.3 80 \n',
  'TONGBAN/1 admin 10.1.2.3 80\n',
  'TONGBAN/1 http 10.1.2.300 80\n',
  'TONGBAN/1 http localhost 80\n',
  'TONGBAN/1 http 10.1.2.3 65536\n',
  'TONGBAN/2 http 10.1.2.3 80\n',
])('is nothing else: %j', (line) => {
  expect(readForwarded(line)).toBeUndefined();
});
