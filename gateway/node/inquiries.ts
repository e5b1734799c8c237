import type { AuthorizationService } from '../authorization/authorization-service.ts';
import { Inquiries } from '../inquiry/inquiries.ts';
import type { EmitInquiryNews } from '../inquiry/inquiry-news.ts';
import { InquiryWatch } from '../inquiry/inquiry-watch.ts';
import { inquiryNews } from '../platform/event-types.ts';
import type { PlatformEvents } from '../platform/platform-events.ts';
import type { Core } from './core.ts';

/** What is asked outside any case, and the watch over its answers and its end. */
export function openInquiries(core: Core, authorizations: AuthorizationService, events: PlatformEvents) {
  const { config, clock, log, store } = core;
  const now = () => clock.now();
  const emit: EmitInquiryNews = (tx, news) => events.emit(tx, inquiryNews(news));
  const inquiryWatch = new InquiryWatch({
    ...{ store, now, emit, retention: config.retention },
    onOverdue: (conversation) =>
      log.warn({ conversation }, 'the answer to an inquiry is overdue; see: tongban inquiry show'),
    onError: (error) => log.error({ err: error }, 'the inquiries could not be watched; it is tried again'),
  });
  const inquiries = new Inquiries({
    ...core,
    ...{ now, emit, office: config.office },
    demandPeer: (region) => void core.peers.demand(region),
    permit: (peer, use, under) => authorizations.permit(peer, use, under),
    onErasure: () => inquiryWatch.wake(),
  });
  return { inquiries, inquiryWatch };
}
