import { stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { type FileMapping, loadMapping, type SampledPlatform } from '#adapters';
import { CodedError } from '#proto';
import { CONFIG_FILE, type GatewayConfig, loadConfig } from '../../config/config.ts';
import { fileError } from '../files.ts';

/** A mapping to be tried, and whose it is. */
export interface MappingSource {
  readonly mapping: FileMapping;
  /** Absent for a mapping file that was named itself. */
  readonly platform?: SampledPlatform;
  /** Region of the gateway, where there is one. */
  readonly region?: string;
}

/**
 * Finds the mapping that a command is about.
 *
 * @param source a mapping file; or the folder or the gateway.yaml of a gateway
 * @param name of the platform, for a gateway
 * @throws CodedError CONFIG_INVALID with everything that is wrong in the files, VALIDATION_FAILED
 */
export async function findMapping(
  source: string,
  name: string | undefined,
  clock: { now(): number },
): Promise<MappingSource> {
  const config = await configOf(resolve(source));
  if (!config) {
    if (name === undefined) return { mapping: await loadMapping(resolve(source), clock) };
    throw new CodedError('VALIDATION_FAILED', '--platform goes with a gateway, and this is no gateway.yaml');
  }
  const { kind, settings } = platformOf(config, name);
  const file = settings['mapping'];
  if (typeof file !== 'string' || !isAbsolute(file)) {
    const message = 'this platform has no mapping; its setting mapping is the absolute path of one';
    throw new CodedError('VALIDATION_FAILED', message);
  }
  return {
    mapping: await loadMapping(file, clock),
    platform: { kind, settings: { name, ...settings } },
    region: config.region,
  };
}

/** Undefined when it is not the place of a gateway. */
async function configOf(path: string): Promise<GatewayConfig | undefined> {
  try {
    if ((await stat(path)).isDirectory()) return await loadConfig(join(path, CONFIG_FILE));
  } catch (error) {
    throw error instanceof CodedError ? error : fileError('read', path, error);
  }
  return basename(path) === CONFIG_FILE ? loadConfig(path) : undefined;
}

function platformOf({ platforms }: GatewayConfig, name: string | undefined) {
  const names = platforms.map((platform) => platform.name).join(', ');
  if (name === undefined)
    throw new CodedError('VALIDATION_FAILED', `say which platform with --platform: ${names || 'there is none'}`);
  const platform = platforms.find((one) => one.name === name);
  if (!platform)
    throw new CodedError('VALIDATION_FAILED', `there is no platform of this name; there are: ${names || 'none'}`);
  return platform;
}
