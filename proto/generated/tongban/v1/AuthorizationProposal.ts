// Original file: tongban/v1/authorization.proto

import type { CatalogueList as _tongban_v1_CatalogueList, CatalogueList__Output as _tongban_v1_CatalogueList__Output } from '../../tongban/v1/CatalogueList.ts';

/**
 * One region proposes a document that it has signed: a new one, a counter-proposal (反提案) or a renewal (续签).
 */
export interface AuthorizationProposal {
  /**
   * JWS general serialization with the proposer's signature.
   */
  'document'?: (string);
  /**
   * The lists behind the digests of the catalogues that the document names, each once.
   */
  'lists'?: (_tongban_v1_CatalogueList)[];
}

/**
 * One region proposes a document that it has signed: a new one, a counter-proposal (反提案) or a renewal (续签).
 */
export interface AuthorizationProposal__Output {
  /**
   * JWS general serialization with the proposer's signature.
   */
  'document': (string);
  /**
   * The lists behind the digests of the catalogues that the document names, each once.
   */
  'lists': (_tongban_v1_CatalogueList__Output)[];
}
