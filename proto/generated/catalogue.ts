import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CataloguePublished as _tongban_v1_CataloguePublished, CataloguePublished__Output as _tongban_v1_CataloguePublished__Output } from './tongban/v1/CataloguePublished.ts';
import type { Item as _tongban_v1_Item, Item__Output as _tongban_v1_Item__Output } from './tongban/v1/Item.ts';
import type { MaterialRule as _tongban_v1_MaterialRule, MaterialRule__Output as _tongban_v1_MaterialRule__Output } from './tongban/v1/MaterialRule.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      CataloguePublished: MessageTypeDefinition<_tongban_v1_CataloguePublished, _tongban_v1_CataloguePublished__Output>
      Item: MessageTypeDefinition<_tongban_v1_Item, _tongban_v1_Item__Output>
      MaterialRule: MessageTypeDefinition<_tongban_v1_MaterialRule, _tongban_v1_MaterialRule__Output>
    }
  }
}

