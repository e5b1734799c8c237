// Original file: tongban/v1/catalogue.proto

import type { Item as _tongban_v1_Item, Item__Output as _tongban_v1_Item__Output } from '../../tongban/v1/Item.ts';
import type { Long } from '@grpc/proto-loader';

export interface CataloguePublished {
  /**
   * Counts up with every publication to this peer.
   */
  'version'?: (number | string | Long);
  /**
   * cross-province, province, city, ...
   */
  'scope'?: (string);
  'items'?: (_tongban_v1_Item)[];
}

export interface CataloguePublished__Output {
  /**
   * Counts up with every publication to this peer.
   */
  'version': (number);
  /**
   * cross-province, province, city, ...
   */
  'scope': (string);
  'items': (_tongban_v1_Item__Output)[];
}
