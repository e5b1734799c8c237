/**
 * What of a call is judged beyond who makes it: each message by what its type needs (`policy`, the table of
 * trust/authorization/policy.ts), the question by the authorization that it cites (`question`), how much the caller
 * already left here (`quota`), whether it exchanged with us itself what it asks for (`own`), or nothing, because the
 * answer holds nothing of anybody (`nothing`).
 */
export type RpcContent = 'policy' | 'question' | 'quota' | 'own' | 'nothing';

/** Who may call an RPC: only regions that we pinned. */
export interface RpcRule {
  readonly caller: 'pinned';
  readonly content: RpcContent;
}

const pinned = (content: RpcContent): RpcRule => ({ caller: 'pinned', content });

/** Every RPC of the peer port. What is not here is answered to nobody, even if a service for it is there. */
export const RPC_ACCESS: Readonly<Record<string, RpcRule>> = {
  '/tongban.v1.ExchangeService/Exchange': pinned('policy'),
  '/tongban.v1.CheckService/Check': pinned('question'),
  '/tongban.v1.CheckService/CheckMany': pinned('question'),
  '/tongban.v1.MaterialService/Status': pinned('quota'),
  '/tongban.v1.MaterialService/Push': pinned('quota'),
  '/tongban.v1.RecoveryService/Recover': pinned('own'),
  '/grpc.health.v1.Health/Check': pinned('nothing'),
  '/grpc.health.v1.Health/List': pinned('nothing'),
  '/grpc.health.v1.Health/Watch': pinned('nothing'),
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': pinned('nothing'),
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': pinned('nothing'),
};

/** The rule of an RPC by its path; undefined: nobody may call it. */
export function ruleOf(path: string): RpcRule | undefined {
  return Object.hasOwn(RPC_ACCESS, path) ? RPC_ACCESS[path] : undefined;
}
