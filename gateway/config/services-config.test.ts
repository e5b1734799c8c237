import { expect, it } from 'vitest';
import type { Problem } from '#proto';
import { servicesOf, servicesRule } from './services-config.ts';

function problems(section: unknown): readonly string[] {
  const found: Problem[] = [];
  servicesRule(section, '', found);
  return found.map(({ pointer, code }) => `${pointer} ${code}`);
}

it('sends nothing until somebody names a template, and never at night', () => {
  expect(problems({})).toEqual([]);
  expect(servicesOf({})).toEqual({
    sms: {
      templates: {},
      items: {},
      parts: ['receiving'],
      quiet: { from: 21 * 60, to: 8 * 60 },
      staleMs: 72 * 3_600_000,
    },
    parcels: { everyMs: 7_200_000, forMs: 30 * 86_400_000 },
    lockers: { everyMs: 7_200_000, forMs: 30 * 86_400_000 },
  });
});

it('takes what a region decides', () => {
  const section = {
    sms: {
      templates: { receive: 'SMS_1001', 'request-supplement': 'SMS.1002' },
      items: { EX018: { receive: '' } },
      parts: ['receiving', 'handling'],
      quiet_hours: 'none',
      stale_hours: 24,
    },
    parcels: { every_minutes: 30, for_days: 10 },
    lockers: null,
  } satisfies Parameters<typeof servicesOf>[0];
  expect(problems(section)).toEqual([]);
  expect(servicesOf(section).sms).toMatchObject({ quiet: undefined, staleMs: 86_400_000 });
  expect(servicesOf(section).parcels).toEqual({ everyMs: 1_800_000, forMs: 864_000_000 });
});

it.each([
  [{ sms: { quiet_hours: '21:00' } }, '/sms/quiet_hours FORMAT'],
  [{ sms: { quiet_hours: '21:00-24:00' } }, '/sms/quiet_hours FORMAT'],
  [{ sms: { quiet_hours: '21:00-21:00' } }, '/sms/quiet_hours FORMAT'],
  [{ sms: { templates: { accept: '您好，您的申请已受理' } } }, '/sms/templates/accept FORMAT'],
  [{ sms: { templates: { Accept: 'SMS_1' } } }, '/sms/templates/Accept FORMAT'],
  [{ sms: { parts: [] } }, '/sms/parts REQUIRED'],
  [{ sms: { text: 'x' } }, '/sms/text UNKNOWN_FIELD'],
  [{ parcels: { every_minutes: 0 } }, '/parcels/every_minutes RANGE'],
])('refuses %j', (section, problem) => {
  expect(problems(section)).toEqual([problem]);
});
