import { createHttpSeal } from '#adapters';
import { demandAddedSeal, readTrustList } from '#trust';
import { testContext } from '../../adapters/testing/context.ts';
import { sealContract } from '../../adapters/testing/seal-contract.ts';
import { plainPdf } from '../../trust/testing/index.ts';
import { ReferenceSeal } from '../../trust/testing/reference-seal/reference-seal.ts';

sealContract('http-seal', async () => {
  const reference = await ReferenceSeal.start();
  const { signer, maker } = reference.addSeal('测试印章-01');
  const pinned = readTrustList(signer.pem + maker.pem);
  const settings = { url: reference.url, auth: { type: 'none' } };
  const service = await createHttpSeal(settings, { ...testContext(), now: () => Date.now() });
  return {
    service,
    seal: '测试印章-01',
    document: plainPdf(),
    demandSealed: async (before, after) => void demandAddedSeal(before, after, pinned, Date.now()),
    close: async () => {
      await service.close();
      await reference.close();
    },
  };
});
