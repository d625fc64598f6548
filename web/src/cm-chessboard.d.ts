// What this page uses of cm-chessboard, which comes without types.
declare module "cm-chessboard/src/Chessboard.js" {
  export const INPUT_EVENT_TYPE: {
    readonly moveInputStarted: "moveInputStarted";
    readonly validateMoveInput: "validateMoveInput";
    readonly moveInputCanceled: "moveInputCanceled";
    readonly moveInputFinished: "moveInputFinished";
  };
  export interface MoveInput {
    type: string;
    squareFrom: string;
    squareTo: string;
  }
  export class Chessboard {
    constructor(context: HTMLElement, props: object);
    setPosition(fen: string, animated?: boolean): Promise<void>;
    setOrientation(color: "w" | "b", animated?: boolean): Promise<void>;
    getOrientation(): "w" | "b";
    getPosition(): string;
    enableMoveInput(handler: (event: MoveInput) => boolean | void, color?: "w" | "b"): void;
    disableMoveInput(): void;
    cancelMoveInput(): void;
    isMoveInputEnabled(): boolean;
    showPromotionDialog(
      square: string,
      color: "w" | "b",
      callback: (result: { type: string; piece?: string }) => void,
    ): void;
    destroy(): void;
  }
}
declare module "cm-chessboard/src/extensions/promotion-dialog/PromotionDialog.js" {
  export class PromotionDialog {}
}
