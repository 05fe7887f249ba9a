"""Phrases that assert or mention an option, in several languages; `rejections` has those that rule one out.

A phrase before an option is a pattern that ends where the option begins; a phrase after it is a
pattern that matches from the option's end.
"""

from __future__ import annotations

import re


def any_of(*patterns: str) -> str:
    return "(?:" + "|".join(patterns) + ")"


_LETTER_FOLLOWS = (
    r"""(?=["'(\[{<]{0,4}(?:[A-Za-z](?![A-Za-z0-9_]|'(?!s\b|d[iıuü]r\b)[A-Za-z])|[\ue000-\ue019]"""
    r"""|(?-i:[A-Z]{2,6})(?![A-Za-z0-9_'])))"""
)
_IS = (
    r"(?:\s+(?:is|was|would be|should be|must be|could be|might be|may be|can only be|has to be|will be|seems to be|"
    r"appears to be|remains|becomes|therefore is|is therefore|ist|lautet|wäre|est|serait|es|sería|è|sarebbe|é|"
    r"seria|luidt|"
    r"jest|to|brzmi|är|er|je|on|là|adalah|هي|هو|है|คือ|είναι|это)(?!\w)|\s*คือ)"
)
_COPULA = rf"""["'”]?\s*(?:{_IS}\s*:?|:|=>|->|=|→|\s-\s)\s*"""
_FILLER = (
    r"(?:(?:the|das|die|der|la|le|el|lo|il|het|a|o|l'|not sure but|most likely|likely|probably|definitely|"
    r"clearly|certainly|"
    r"therefore|thus|indeed|simply|only|both|either|either of|"
    r"(?:the )?(?:option|choice|letter|answer|number|one)|opción|opcion|opção|opzione|réponse|respuesta|"
    r"risposta|resposta|"
    r"antwort|buchstabe|alternativa|alternative|lettre|letra|lettera|literal|inciso|correct|right)[:\s]\s*"
    + r"|选项|選項|选择|選擇|选|選|第){0,6}?"
)

_ADJECTIVES = r"(?:(?:correct|right|best|final|true|most \w+|better|only|most)\s+)"
_NOUNS = r"(?:answer|choice|option|response|selection|pick|letter|solution|conclusion|verdict|guess|ans\b\.?)"
_OF = r"(?:\s+(?:choice|option|letter|here|to (?:this|the) question|for (?:this|the) question|among (?:these|them)))?"
_FOREIGN_ANSWER = (
    r"(?:(?:richtige |korrekte )?antwort(?:möglichkeit)?|lösung|réponse|bonne réponse|respuesta|solución|"
    r"risposta|soluzione|resposta|solução|gabarito|antwoord|odpowiedź|odpověď|ответ|відповідь|отговор|"
    r"cevap|yanıt|svaret|svar|vastaus|válasz|răspuns(?:ul)?|đáp án(?: đúng)?|câu trả lời|"
    r"jawaban(?:nya)?(?: yang benar)?|"
    r"الإجابة(?: الصحيحة)?|الجواب|उत्तर|คำตอบ|απάντηση)"
)
_FOREIGN_OPTION = r"(?:richtig|korrekt|choix|opción|opzione|opção|alternativa|вариант|wybór|keuze)"
_FOREIGN_ADJECTIVE = r"(?:\s+(?:correcte?|exacte|finale?|juste|correcta|corretta|giusta|esatta|correta|certa))"
_CJK_ANSWER = (
    r"(?:答案|正解|解答|回答|正答|答え|答(?!え|案))(?:应该|應該|应|應|就|也)?\s*(?:是|为|為|选择|選擇|选|選|は|:|=)?",
    r"(?:正确|正確)(?:的)?(?:答案|选项|選項|选择|選擇|一项)(?:应该|應該|应|應)?\s*(?:是|为|為|:)",
    r"(?<![不别勿没可候备備筛挑])(?:选择|選擇|选|選)(?![项項择擇题題肢])",
    r"(?:정답|해답|답안|답)\s*(?:은|는|:|=)?",
)
_CJK_CUE = any_of(*_CJK_ANSWER) + r"\s*"

_VERBS = (
    r"\b(?:choose|chose|choosing|pick|picked|picking|select|selected|selecting|go with|going with|went with|"
    r"go for|going for|"
    r"ended up with|ending up with|landed on|arrived? at|"
    r"settle on|settled on|settling on|opt for|opted for|opting for|vote for|voting for|lean towards?|"
    r"leaning towards?|"
    r"stick with|sticking with|conclude(?: that)?(?: (?:it is|it's|the answer is))?|"
    r"wähle|entscheide mich für|choisis|sélectionne|opte pour|elijo|escojo|selecciono|scelgo|escolho|seleciono|"
    r"marco|выбираю|kies)\b\s*:?\s*"
)
_MARKUP = (
    r"(?<=[?])\s+A:[ \t]*(?=\(?(?-i:[A-Z])\)?\.?\s*(?:\n|$))|"
    r"\\?boxed\s*\{\s*|<(?:final[_ ]?)?answer>\s*|####\s*|\b(?:final\s+)?answer\s*\n+\s*"
)

ANSWER_CUE = re.compile(
    any_of(
        rf"(?<!\bsecond )(?<!\bthird )(?<!\bother )(?<!\bbackup )\b{_ADJECTIVES}*{_NOUNS}{_OF}{_COPULA}",
        r"\bans\b\.?\s+",
        r"\b(?:correct|right|best|final|my)\s+(?:answer|choice|option|one)\s*:?\s*",
        r"\b(?:correct|right|best)(?:\s+(?:one|answer|choice|option))?\s*(?:\bis\b|:)\s*",
        rf"(?<!\w){_FOREIGN_ANSWER}{_FOREIGN_ADJECTIVE}?(?:{_COPULA}|\s+)",
        rf"(?<!\w){_FOREIGN_OPTION}{_FOREIGN_ADJECTIVE}?{_COPULA}",
        _CJK_CUE,
        _VERBS,
        _MARKUP,
    )
    + _FILLER
    + _LETTER_FOLLOWS,
    re.IGNORECASE,
)
"""What precedes the answer: 'The answer is', 'I choose', a box, ... The last such phrase decides."""

_IT_IS = r"(?:it(?:'s| is| must be| should be| would be| has to be)|that(?:'s| is)|the answer is|this is)"
CONCLUSION_CUE = re.compile(
    any_of(
        rf"\b(?:therefore|thus|hence|so|consequently|in conclusion|overall|finally|"
        rf"ultimately)\b,?\s*(?:{_IT_IS}\s+)?",
        r"\b(?:this|that|which)\s+leaves(?:\s+us)?(?:\s+(?:with|only))*\s+",
        r"\b(?:no|wait|actually|sorry|correction|scratch that|i meant?|i should say|or rather)\b[,.:!-]*\s+"
        rf"(?:(?:no|wait|actually|sorry|rather|make that|i meant?|i should say|{_IT_IS})\b[,.:]?\s*)*",
        r"\b(?:but|sondern|sino|mais|mas|ma|maar|но|а)\s+",
        r"(?:因此|所以|综上|故|よって|したがって|따라서|그러므로),?\s*(?:答案)?(?:是|为|選|选)?",
    )
    + _FILLER
    + _LETTER_FOLLOWS,
    re.IGNORECASE,
)
"""What precedes a conclusion that ends its clause: 'therefore B.', 'no, B'."""
CONCLUDED = re.compile(
    r"\s*(?:$|[.,;!)\n。、，]|(?:because|since|it is|입니다|です)(?!\w)|is\s+(?:the\s+)?(?:\w+\s+)?(?:correct|right|"
    r"best|answer)\b)"
)

OPINION = re.compile(
    any_of(
        rf"\b(?:say|think|believe|guess|suspect|suppose|assume)\b(?:\s+that)?(?:\s+{_IT_IS})?\s+",
        r"\b(?:it|that|this|answer)(?:'s| is| must be| should be| would be| has to be| can only be)\s+",
        r"\b(?:must be|should be|has to be|can only be|likely|probably|definitely|obviously|clearly|yes,?|"
        r"leaving|leaves)\s+",
        r"(?:我认为|我認為|我觉得|应该是|應該是|而是|就是|是)\s*",
        r"\b(?:c'est|das ist|es ist|es la|è la|é a)\s+",
        r"(?:^|[\n,;|])[\s>*-]*[✅✓✔☑]\s*",
    )
    + _FILLER
    + _LETTER_FOLLOWS,
    re.IGNORECASE,
)
"""What precedes an option that is asserted in passing: 'I think it is B'."""

OPTION = re.compile(
    r"(?:\b(?:option|choice|answer|opción|opção|opzione|letra|alternativa)\b|选项|選項|選択肢)[:\s]*"
    + _LETTER_FOLLOWS,
    re.I,
)
"""What precedes a mere mention: 'option B'."""

ADVERBS = (
    r"(?:\s+(?:\w+ly|also|both|all|just|far|quite|very|indeed|therefore|thus|so|even|still|a bit|"
    r"a little|much|as well|by far))*"
)
BE = (
    r"(?:'s|\s*,?\s*(?:which|that)?\s*\b(?:is|are|was|were|seems?|looks?|appears?|sounds?|would be|should be|"
    r"can be|could be|must be|has to be|have to be|has been|have been|gets?)(?: to be)?\b)"
)

_GOOD = (
    r"(?:correct|right|true|best|better|valid|accurate|the answer|the only|only|closest|ideal|winner|most|"
    r"superior|preferable|my answer)"
)
ASSERTED_AFTER = re.compile(
    any_of(
        rf"{BE}{ADVERBS}\s+(?:(?:the|my|a|our)\s+)?(?:\w+\s+)?{_GOOD}\b",
        r"\s+(?:fits?|works|matches|holds|applies|wins|satisfies|remains|it is|would be my (?:pick|choice|answer|"
        r"guess))\b",
        r"[ \t]*[:|(\[,=→>-]*[ \t]*(?:correct|right|true|yes|ja|oui)(?![\w'])",
        r"[ \t]*[:-]+[ \t]*(?:this|it|that)(?:'s| is)\s+(?:the\s+)?(?:correct|right|true)\b",
        r"[ \t]*[:|(\[=→>-]*[ \t]*[✓✔✅☑]",
        r"\s+(?:est|serait)\s+(?:la\s+|le\s+)?(?:correct|just|bon|vrai|exact)",
        r"\s+(?:ist|wäre)\s+(?:die\s+)?(?:richtig|korrekt)|\s+stimmt\b|\s+passt\b",
        r"\s+(?:es|è|é)\s+(?:la\s+|a\s+)?(?:correct|corrett|correta|giust|certa|respuesta|risposta|resposta)",
        r"\s*(?:项|項|选项|選項)?\s*(?:更|最)(?:好|准确|準確|合适|合適|合理|恰当|恰當|符合)",
        r"\s*(?:项|項|选项|選項)?\s*(?:才|就)?(?:是)?\s*(?:正确|正確|对的|對的|最佳|答案)",
        r"\s*(?:が|は)\s*(?:正解|正しい|答え|適切|最も)|\s*(?:です|だ(?!と)|を選|だと思|と考え)",
        r"\s*번?\s*(?:가|이|은|는)?\s*(?:정답|맞|옳|답)|\s*번?\s*(?:입니다|이다|예요|이에요)|\s*번?\s*[을를]\s*(?:선택|고르|고릅)",
    ),
    re.IGNORECASE,
)
"""What follows an option that is asserted: 'is correct', 'fits'."""

CONDITIONAL = re.compile(
    r"(?:\b(?:if|whether|suppose|supposing|assuming|assume|unless|why|when)\b|(?:^|[.!?,;\n])\s*(?:were|had)\b)"
    r"[^.!?,;\n]{0,30}$",
    re.IGNORECASE,
)
"""What makes an answer a hypothesis: 'if the answer is B'."""
SUPPOSED = re.compile(r"\b(?:if|whether|suppose|supposing|unless)\b[^.!?,;\n]{0,30}$", re.IGNORECASE)
"""What makes a mere mention a hypothesis."""
OF_OTHERS = re.compile(
    r"\b(?:some|many|most|people|others?|students?|they|you|one|someone|he|she)\b(?:\s+[a-z]+){0,2}\s*$",
    re.IGNORECASE,
)
"""What makes an opinion another person's: 'some say B'."""
ASKS = re.compile(
    r"\s*(?:but |so |and |or )?(?:is|isn't|are|could|couldn't|would|wouldn't|might|can|can't|should|does|did|was|"
    r"(?:why|how) (?:would|should|could))\b",
    re.IGNORECASE,
)
"""How a question begins: 'Is it B?'."""
