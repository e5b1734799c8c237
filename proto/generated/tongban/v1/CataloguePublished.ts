// Original file: tongban/v1/catalogue.proto

import type { Item as _tongban_v1_Item, Item__Output as _tongban_v1_Item__Output } from '../../tongban/v1/Item.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * What a region offers to a peer under one scope. Catalogues of several scopes stand beside one another.
 */
export interface CataloguePublished {
  /**
   * Counts up with every publication to this peer; of one scope the newest counts.
   */
  'version'?: (number | string | Long);
  /**
   * 通办范围: 跨省通办, 全区通办, 呼包鄂乌互办, 全市通办, ...
   */
  'scope'?: (string);
  'items'?: (_tongban_v1_Item)[];
  /**
   * A catalogue that is too large for one message comes in parts, from 1 on and in order; 0 and 0 where it comes whole.
   */
  'part'?: (number);
  'parts'?: (number);
}

/**
 * What a region offers to a peer under one scope. Catalogues of several scopes stand beside one another.
 */
export interface CataloguePublished__Output {
  /**
   * Counts up with every publication to this peer; of one scope the newest counts.
   */
  'version': (number);
  /**
   * 通办范围: 跨省通办, 全区通办, 呼包鄂乌互办, 全市通办, ...
   */
  'scope': (string);
  'items': (_tongban_v1_Item__Output)[];
  /**
   * A catalogue that is too large for one message comes in parts, from 1 on and in order; 0 and 0 where it comes whole.
   */
  'part': (number);
  'parts': (number);
}
