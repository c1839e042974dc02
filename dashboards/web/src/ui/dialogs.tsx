// The two questions the board ever asks: who acts (with a note and, for an end, how it ended), and for the token.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { myName, setMyName, setToken, token, tokenWanted } from '../access';
import { carryOut, complaint, question } from '../desk';
import { nameOf } from '../board/alerts';
import { Icon } from './icon';

export function Dialogs() {
  return (
    <>
      {question.value && <DeedDialog key={question.value.alert.id + question.value.verb} />}
      {tokenWanted.value && <TokenDialog />}
      {complaint.value && (
        <div class="toast" role="alert">
          <span>{complaint.value}</span>
          <button type="button" class="button ghost small" onClick={() => (complaint.value = '')}>
            <Icon name="close" />
            <span class="quiet">Dismiss</span>
          </button>
        </div>
      )}
    </>
  );
}

function Modal({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}

function DeedDialog() {
  const { alert, verb } = question.value!;
  const [by, setBy] = useState(myName.peek());
  const [note, setNote] = useState('');
  const [outcome, setOutcome] = useState('handled');
  const close = () => (question.value = null);
  const submit = (e: Event) => {
    e.preventDefault();
    setMyName(by.trim());
    close();
    void carryOut(alert, verb, by.trim(), note.trim(), outcome);
  };
  return (
    <Modal title={verb === 'acknowledge' ? 'Acknowledge' : 'Resolve'} onClose={close}>
      <p class="dialog-about">
        {alert.title} · {nameOf(alert)}
      </p>
      <form onSubmit={submit}>
        <label>
          Your name
          <input value={by} onInput={(e) => setBy(e.currentTarget.value)} required maxLength={80} autocomplete="name" autofocus={!by} />
        </label>
        {verb === 'resolve' && (
          <fieldset>
            <legend>How did it end?</legend>
            {[
              ['handled', 'Handled', 'somebody took care of it'],
              ['false_alarm', 'False alarm', 'nothing was wrong'],
            ].map(([value, label, hint]) => (
              <label key={value} class="choice">
                <input type="radio" name="outcome" value={value} checked={outcome === value} onChange={() => setOutcome(value!)} />
                <span>
                  {label} <small>{hint}</small>
                </span>
              </label>
            ))}
          </fieldset>
        )}
        <label>
          <span>
            Note <small>optional, everybody sees it</small>
          </span>
          <textarea rows={3} maxLength={500} value={note} onInput={(e) => setNote(e.currentTarget.value)} autofocus={!!by} />
        </label>
        <div class="actions">
          <button type="button" class="button ghost" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="button primary">
            {verb === 'acknowledge' ? 'Acknowledge' : 'Resolve'}
          </button>
        </div>
      </form>
    </Modal>
  );
}

function TokenDialog() {
  const [value, setValue] = useState('');
  const close = () => (tokenWanted.value = false);
  const submit = (e: Event) => {
    e.preventDefault();
    setToken(value.trim());
  };
  return (
    <Modal title="Access token" onClose={close}>
      <p class="dialog-about">
        {token.peek() ? 'The server did not accept the token this browser has.' : 'This board needs a token.'} Ask whoever runs touchwatch
        for one; it stays in this browser.
      </p>
      <form onSubmit={submit}>
        <label>
          Token
          <input type="password" value={value} onInput={(e) => setValue(e.currentTarget.value)} required autocomplete="off" spellcheck={false} autofocus />
        </label>
        <div class="actions">
          <button type="button" class="button ghost" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="button primary">
            Open the board
          </button>
        </div>
      </form>
    </Modal>
  );
}
