import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CodedError, type Problem } from '#proto';
import { testContext } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import { soapKind } from './soap-adapter.ts';
import { type SoapConfig, soapRules } from './soap-config.ts';

const WSDL = join(import.meta.dirname, 'testing/case-service.wsdl');

describe('the settings of a SOAP service', () => {
  const base = { name: 'hall', auth: { type: 'none' }, operations: { submitCase: {} } };

  it.each([
    ['nothing', {}, ['/name TYPE', '/auth/type NOT_IN_LIST', '/operations TYPE']],
    ['neither URL nor WSDL', base, ['/url REQUIRED', '/namespace REQUIRED']],
    ['no operation', { ...base, wsdl: WSDL, operations: {} }, ['/operations REQUIRED']],
    [
      'operations elsewhere that are none',
      {
        ...base,
        wsdl: WSDL,
        prefixes: { env: 'x' },
        poll: { operation: 'a', records: 'r', ack: { operation: 'b', body: {} } },
      },
      ['/prefixes/env RESERVED', '/poll/operation NOT_IN_LIST', '/poll/ack/operation NOT_IN_LIST'],
    ],
    [
      'an action that breaks out of its header',
      { ...base, wsdl: WSDL, operations: { submitCase: { action: 'a\r\nb' } } },
      ['/operations/submitCase/action CHARACTERS'],
    ],
  ])('with %s', (_, config, expected) => {
    const problems: Problem[] = [];
    soapRules(config, '', problems);
    expect(problems.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(expected);
  });

  it('are held against the WSDL, with every problem at once', async () => {
    const config = {
      ...base,
      wsdl: WSDL,
      namespace: 'http://other.example/',
      operations: {
        submitCase: { action: 'urn:other', element: 'submitCases' },
        missing: {},
        oldStyle: {},
      },
    };
    expect(await problemsOf(config)).toEqual([
      '/operations/submitCase/action CONFLICT',
      '/operations/submitCase/element CONFLICT',
      '/namespace CONFLICT',
      '/operations/missing NOT_IN_LIST',
      '/operations/oldStyle STYLE',
    ]);
  });

  it.each([
    ['that is missing', undefined, 'FILE'],
    ['with a DOCTYPE', '<!DOCTYPE a SYSTEM "http://127.0.0.1/x"><a/>', 'DOCTYPE'],
    ['that is other XML', '<a/>', 'FORMAT'],
  ])('refuse a WSDL %s', async (_, content, code) => {
    const folder = await temporaryFolder();
    const wsdl = join(folder.path, 'x.wsdl');
    if (content !== undefined) await writeFile(wsdl, content);
    const config = { ...base, wsdl, url: 'http://hall.example/', namespace: 'urn:x' };
    expect(await problemsOf(config)).toEqual([`/wsdl ${code}`]);
    await folder.remove();
  });

  it('want a binding for the version, and an address', async () => {
    const folder = await temporaryFolder();
    const content = (await readFile(WSDL, 'utf8')).replace(/<wsdl:service[\s\S]*<\/wsdl:service>/, '');
    const wsdl = join(folder.path, 'x.wsdl');
    await writeFile(wsdl, content);
    expect(await problemsOf({ ...base, wsdl })).toEqual(['/url REQUIRED']);
    expect(await problemsOf({ ...base, wsdl, version: '1.2' })).toContain('/wsdl FORMAT');
    await folder.remove();
  });

  async function problemsOf(config: object): Promise<string[]> {
    const error = await soapKind
      .create(
        config as SoapConfig,
        testContext(),
        plainMapping((one) => one),
      )
      .catch((one) => one);
    expect(error).toBeInstanceOf(CodedError);
    return (error as CodedError).problems.map(({ pointer, code }) => `${pointer} ${code}`);
  }
});
