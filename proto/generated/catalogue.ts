import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CataloguePublished as _tongban_v1_CataloguePublished, CataloguePublished__Output as _tongban_v1_CataloguePublished__Output } from './tongban/v1/CataloguePublished.ts';
import type { Fee as _tongban_v1_Fee, Fee__Output as _tongban_v1_Fee__Output } from './tongban/v1/Fee.ts';
import type { Item as _tongban_v1_Item, Item__Output as _tongban_v1_Item__Output } from './tongban/v1/Item.ts';
import type { MaterialRule as _tongban_v1_MaterialRule, MaterialRule__Output as _tongban_v1_MaterialRule__Output } from './tongban/v1/MaterialRule.ts';
import type { ReviewStep as _tongban_v1_ReviewStep, ReviewStep__Output as _tongban_v1_ReviewStep__Output } from './tongban/v1/ReviewStep.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      CataloguePublished: MessageTypeDefinition<_tongban_v1_CataloguePublished, _tongban_v1_CataloguePublished__Output>
      Fee: MessageTypeDefinition<_tongban_v1_Fee, _tongban_v1_Fee__Output>
      Item: MessageTypeDefinition<_tongban_v1_Item, _tongban_v1_Item__Output>
      MaterialRule: MessageTypeDefinition<_tongban_v1_MaterialRule, _tongban_v1_MaterialRule__Output>
      ReviewStep: MessageTypeDefinition<_tongban_v1_ReviewStep, _tongban_v1_ReviewStep__Output>
    }
  }
}

