import { type Check, failed, passed } from './check.ts';
import table from './regions.json' with { type: 'json' };

const names: ReadonlyMap<string, string> = new Map(Object.entries(table.regions));

/** Rows of the table that only group counties; they say nothing within a full name. */
const GROUPING_NAMES: ReadonlySet<string> = new Set(['市辖区', '县', '省直辖县级行政区划', '自治区直辖县级行政区划']);

/** The day (YYYY-MM-DD) whose divisions the table shows; later changes are unknown to it. */
export const regionTableDate: string = table.validOn;

/** Checks a region code (行政区划代码, GB/T 2260): six digits that stand in the dated table. */
export function checkRegionCode(code: string): Check {
  if (!/^[0-9]{6}$/.test(code)) return failed('must be six digits');
  if (!names.has(code)) return failed(`is not in the table of region codes of ${regionTableDate}`);
  return passed;
}

/**
 * Checks a statistical region code (统计用区划代码): twelve digits, the first six in the dated table. The villages and
 * streets behind them are not looked up.
 */
export function checkStatisticalRegionCode(code: string): Check {
  if (!/^[0-9]{12}$/.test(code)) return failed('must be twelve digits');
  if (!names.has(code.slice(0, 6))) {
    return failed(`has first six digits that are not in the table of region codes of ${regionTableDate}`);
  }
  return passed;
}

/** Whether `code` is a six-digit code of the table. */
export function isRegionCode(code: string): boolean {
  return checkRegionCode(code).ok;
}

/** Whether `code` is a twelve-digit code whose first six digits are in the table. */
export function isStatisticalRegionCode(code: string): boolean {
  return checkStatisticalRegionCode(code).ok;
}

/** The division's own official name, `乌审旗` for 150626; undefined for a code that is not in the table. */
export function regionName(code: string): string | undefined {
  return names.get(code);
}

/** The name with province and city before it, `内蒙古自治区鄂尔多斯市乌审旗` for 150626; undefined if unknown. */
export function regionFullName(code: string): string | undefined {
  const own = names.get(code);
  if (own === undefined) return undefined;
  const above = [provinceCode(code), `${code.slice(0, 4)}00`]
    .filter((parent) => parent < code)
    .map((parent) => names.get(parent))
    .filter((name) => name !== undefined && !GROUPING_NAMES.has(name) && name !== own);
  return [...above, own].join('');
}

/** The six-digit code of the province (省、自治区、直辖市) a code of the table belongs to; undefined if unknown. */
export function provinceOf(code: string): string | undefined {
  return names.has(code) ? provinceCode(code) : undefined;
}

function provinceCode(code: string): string {
  return `${code.slice(0, 2)}0000`;
}
