import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Circuit } from './circuit.ts';

const LIMITS = { failures: 3, openMs: 1000 };

function opened(now = 0): Circuit {
  const circuit = new Circuit(LIMITS);
  for (let count = 0; count < LIMITS.failures; count += 1) {
    expect(circuit.ask(now)).toBe(true);
    circuit.failed(now);
  }
  return circuit;
}

describe('a circuit', () => {
  it('opens after so many failures in a row, and not before', () => {
    const circuit = new Circuit(LIMITS);
    circuit.failed(0);
    circuit.failed(0);
    circuit.answered();
    circuit.failed(0);
    circuit.failed(0);
    expect(circuit.ask(0)).toBe(true);
    circuit.failed(0);
    expect(circuit.ask(0)).toBe(false);
  });

  it('lets one call try again after its time, and closes when that is answered', () => {
    const circuit = opened();
    expect(circuit.ask(999)).toBe(false);
    expect(circuit.ask(1000)).toBe(true);
    expect(circuit.ask(1000)).toBe(false);
    circuit.answered();
    expect(circuit.ask(1000)).toBe(true);
    expect(circuit.ask(1000)).toBe(true);
  });

  it('waits the whole time again when that fails too', () => {
    const circuit = opened();
    expect(circuit.ask(1500)).toBe(true);
    circuit.failed(1600);
    expect(circuit.ask(2599)).toBe(false);
    expect(circuit.ask(2600)).toBe(true);
  });

  it('does not wait longer because of calls that were under way when it opened', () => {
    const circuit = opened();
    circuit.failed(900);
    expect(circuit.ask(1000)).toBe(true);
  });
});

it('asks a dead server no more than once in its time, whatever happens, and recovers at once', () => {
  const steps = fc.array(fc.record({ waitMs: fc.nat(700), calls: fc.nat(4) }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const circuit = opened();
      const asked: number[] = [];
      let now = 0;
      for (const { waitMs, calls } of all) {
        now += waitMs;
        for (let count = 0; count < calls; count += 1) {
          if (!circuit.ask(now)) continue;
          asked.push(now);
          circuit.failed(now);
        }
      }
      for (const [index, at] of asked.entries()) expect(at - (asked[index - 1] ?? 0)).toBeGreaterThanOrEqual(1000);
      expect(circuit.ask(now + 1000)).toBe(true);
      circuit.answered();
      expect(circuit.state).toBe('closed');
    }),
  );
});
