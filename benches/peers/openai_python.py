"""openai-python over the cases of tests/quirks: python openai_python.py SERVER CASE...

Each case is read with `create(stream=True)` and accumulated with the library's own ChatCompletionStreamState. Prints one
JSON object: the library's version, and for each case what came of it. The program beside this file runs it and compares.
"""

import json
import sys

import openai
from openai.lib.streaming.chat import ChatCompletionStreamState


def whole(text: str) -> str:
    """Text with U+FFFD for halves of surrogate pairs, which Python keeps and JSON's readers refuse."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read(server: str, case: str) -> dict:
    client = openai.OpenAI(base_url=f"{server}/{case}/v1", api_key="key", max_retries=0)
    state = ChatCompletionStreamState()
    chunks, error = 0, None
    try:
        messages = [{"role": "user", "content": "Hello."}]
        for chunk in client.chat.completions.create(model="gpt-4o", messages=messages, stream=True):
            chunks += 1
            state.handle_chunk(chunk)
    except Exception as raised:  # any exception is what its user would see
        error = f"{type(raised).__name__}: {raised}"
    answer = {"content": "", "reasoning": "", "tool_calls": [], "finished": False, "error": error}
    try:
        choices = state.current_completion_snapshot.choices if chunks else []
    except AssertionError:  # nothing was accumulated
        choices = []
    if choices:
        message = choices[0].message
        extra = message.model_extra or {}
        content = "" if message.content is None else message.content
        answer["content"] = whole(content if isinstance(content, str) else json.dumps(content))
        reasoning = extra.get("reasoning_content") or extra.get("reasoning")
        answer["reasoning"] = whole(reasoning) if isinstance(reasoning, str) else ""
        answer["finished"] = choices[0].finish_reason is not None
        for call in message.tool_calls or []:
            function = getattr(call, "function", None)
            arguments = getattr(function, "arguments", None)
            text = arguments if isinstance(arguments, str) else json.dumps(arguments)
            answer["tool_calls"].append([getattr(function, "name", None) or "", whole(text)])
    return answer


def main() -> None:
    server, cases = sys.argv[1], sys.argv[2:]
    answers = {case: read(server, case) for case in cases}
    json.dump({"version": openai.__version__, "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
