import type { TellCertificateNews } from '../certificate/library-news.ts';
import { IncomingNotices } from '../certificate/notice/incoming-notices.ts';
import { OutgoingNotices } from '../certificate/notice/outgoing-notices.ts';
import { noticeNews } from '../platform/notice-news.ts';
import type { PlatformEvents } from '../platform/platform-events.ts';
import type { Core } from './core.ts';

/** Both directions of the notices about certificates. */
export interface Notices {
  readonly outgoingNotices: OutgoingNotices;
  readonly incomingNotices: IncomingNotices;
}

/** What we tell other regions of our certificates, and what they tell us of theirs. The caller starts the first. */
export function openNotices(core: Core, events: PlatformEvents, tell: TellCertificateNews): Notices {
  const { store, clock, log } = core;
  return {
    outgoingNotices: new OutgoingNotices({
      ...core,
      onUntold: (peer, conversation, code) => {
        const text = 'a region does not know how a certificate stands; see tongban certificate notices';
        log.error({ peer, conversation, code }, text);
      },
      onError: (error, peer) =>
        log.error({ err: error, peer }, 'a notice about a certificate could not be sent; it is tried again'),
    }),
    incomingNotices: new IncomingNotices({
      store,
      clock,
      tell,
      tellNotice: (tx, notice) => events.emit(tx, noticeNews(notice)),
    }),
  };
}
