import { readCertificateFiles } from '../../../api/tls/certificate-files.ts';
import type { HttpTlsConfig } from '../../../config/http-tls-config.ts';
import { type Finding, fine, type Remedy, warning, wrong, wrongBecause } from '../finding.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Days before its end in which the certificate wants to be renewed. */
const SOON_DAYS = 30;
const what = 'api tls';

const CORRECT: Remedy = {
  zh: '按提示改正 http.tls 所指的文件;运行中的网关继续用旧的',
  en: 'correct the files of http.tls as it says; a gateway that runs goes on with the old ones',
  page: 'gateway-down',
};
const RENEW: Remedy = {
  zh: '向签发机构续签,替换 http.tls 的两个文件,半分钟内生效',
  en: 'have it renewed and replace the two files of http.tls; they count within half a minute',
  page: 'gateway-down',
};

/** Whether the certificate of the API, its key and the authorities of administrators can be used, and for how long. */
export async function checkApiTls(tls: HttpTlsConfig | undefined, now: number): Promise<Finding[]> {
  if (!tls) return [];
  try {
    const { certificate, isKeyOpen } = await readCertificateFiles(tls);
    return [judgeTime(certificate.validToDate.getTime(), now), ...(isKeyOpen ? [openKey(tls.keyFile)] : [])];
  } catch (error) {
    return [wrongBecause(what, { zh: '接口证书不可用', en: 'the TLS files of the API' }, error, CORRECT)];
  }
}

function judgeTime(end: number, now: number): Finding {
  const days = Math.floor((end - now) / DAY_MS);
  if (days < 0) return wrong(what, { zh: '接口证书已过期', en: 'the certificate of the API has expired' }, RENEW);
  const words = { zh: `接口证书还有 ${days} 天到期`, en: `the certificate of the API ends in ${days} days` };
  return days < SOON_DAYS ? warning(what, words, RENEW) : fine(what, words);
}

function openKey(file: string): Finding {
  return wrong(
    what,
    { zh: `接口私钥他人可读:${file}`, en: `others can read the private key of the API: ${file}` },
    { zh: `chmod 600 ${file}`, en: `chmod 600 ${file}`, page: 'key-folder' },
  );
}
