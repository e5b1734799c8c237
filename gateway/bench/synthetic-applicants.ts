import type { Applicant } from '../case/case-file.ts';
import { Chance } from './chance.ts';

const SURNAMES = [
  ...'王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈',
];
const GIVEN = [...'伟芳娜敏静秀丽强磊军洋勇艳杰娟涛明超霞平刚桂兰英华玉萍红玲建国文斌鹏飞宇晨浩然子涵梓轩欣怡䶮㛃𬭎𠮷'];
const UYGHUR = ['阿依夏木', '阿不都热合曼', '买买提', '吾守尔', '热依汗古丽', '努尔买买提', '艾合买提江', '古丽娜尔'];
const PLACES = ['南通', '乌审旗', '鄂尔多斯', '苏州', '呼和浩特', '泉州', '喀什', '阜宁'];
const TRADES = ['餐饮管理', '食品', '建材', '物流', '医药', '信息技术', '农牧业', '纺织'];

/** One in so many persons has a name of several parts. */
const PERSONS_PER_LONG_NAME = 25;
const DAY_MS = 24 * 60 * 60 * 1000;

/** A person who does not exist, always the same one for a number. The number of the card has a good check character. */
export function personOf(n: number): Applicant {
  const chance = new Chance(n);
  const born = new Date(Date.UTC(1950, 0, 1) + chance.below(20_000) * DAY_MS).toISOString().slice(0, 10);
  const body = `9999${String(n % 100).padStart(2, '0')}`.replace(/^9/, '3') + born.replaceAll('-', '');
  const number = `${body}${String(Math.floor(n / 100) % 1000).padStart(3, '0')}`;
  const isLong = n % PERSONS_PER_LONG_NAME === 0;
  const name = isLong
    ? [chance.often(UYGHUR), UYGHUR[chance.below(UYGHUR.length)], ...(n % 2 === 0 ? [chance.often(UYGHUR)] : [])].join(
        '·',
      )
    : chance.often(SURNAMES) +
      GIVEN[chance.below(GIVEN.length)]! +
      (chance.share() < 0.8 ? GIVEN[chance.below(GIVEN.length)]! : '');
  return {
    kind: 'person',
    name,
    documentType: 'citizen-number',
    documentNumber: number + citizenCheck(number),
    mobile: `139${String(n % 100_000_000).padStart(8, '0')}`,
    address: '示例市示例区示例路 1 号',
  };
}

/** A company that does not exist, always the same one for a number. */
export function companyOf(n: number): Applicant {
  const chance = new Chance(n + 1_000_000_000);
  const body = `91320600MA${String(n).padStart(7, '0')}`;
  return {
    kind: 'legal-person',
    name: `${chance.often(PLACES)}示例${String(n)}${chance.often(TRADES)}有限公司`,
    documentType: 'social-credit-code',
    documentNumber: body + creditCheck(body),
    mobile: `138${String(n % 100_000_000).padStart(8, '0')}`,
    address: '示例市示例区示例路 2 号',
  };
}

/** GB 11643: ISO 7064 MOD 11-2. */
function citizenCheck(body: string): string {
  let sum = 0;
  for (const digit of body) sum = (sum + Number(digit)) * 2;
  const value = (12 - (sum % 11)) % 11;
  return value === 10 ? 'X' : String(value);
}

const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';

/** GB 32100: MOD 31 with the weights 3^0 to 3^16. */
function creditCheck(body: string): string {
  let sum = 0;
  let weight = 1;
  for (const character of body) {
    sum += ALPHABET.indexOf(character) * weight;
    weight = (weight * 3) % 31;
  }
  return ALPHABET.charAt((31 - (sum % 31)) % 31);
}
