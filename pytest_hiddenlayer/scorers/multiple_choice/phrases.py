"""Phrases that assert an option, rule it out, or mention it, in several languages.

A phrase before an option is a pattern that ends where the option begins; a phrase after it is a
pattern that matches from the option's end.
"""

from __future__ import annotations

import re


def _any(*patterns: str) -> str:
    return "(?:" + "|".join(patterns) + ")"


_LETTER_FOLLOWS = (
    r"""(?=["'(\[{<]{0,4}(?:[A-Za-z](?![A-Za-z0-9_'])|[\ue000-\ue019]|(?-i:[A-Z]{2,6})(?![A-Za-z0-9_'])))"""
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
_CJK_CUE = _any(*_CJK_ANSWER) + r"\s*"

_VERBS = (
    r"\b(?:choose|chose|choosing|pick|picked|picking|select|selected|selecting|go with|going with|went with|"
    r"go for|going for|"
    r"settle on|settled on|settling on|opt for|opted for|opting for|vote for|voting for|lean towards?|"
    r"leaning towards?|"
    r"stick with|sticking with|conclude(?: that)?(?: (?:it is|it's|the answer is))?|"
    r"wähle|entscheide mich für|choisis|sélectionne|opte pour|elijo|escojo|selecciono|scelgo|escolho|seleciono|"
    r"marco|выбираю|kies)\b\s*:?\s*"
)
_MARKUP = r"""\\?boxed\s*\{\s*|<(?:final[_ ]?)?answer>\s*|####\s*|\b(?:final\s+)?answer\s*\n+\s*"""

ANSWER_CUE = re.compile(
    _any(
        rf"\b{_ADJECTIVES}*{_NOUNS}{_OF}{_COPULA}",
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
    _any(
        rf"\b(?:therefore|thus|hence|so|consequently|in conclusion|overall|finally|"
        rf"ultimately)\b,?\s*(?:{_IT_IS}\s+)?",
        r"\b(?:this|that|which)\s+leaves(?:\s+us)?(?:\s+(?:with|only))*\s+",
        r"\b(?:no|wait|actually|sorry|correction|scratch that)\b[,.:!-]*\s+"
        rf"(?:(?:no|wait|actually|sorry|rather|make that|i mean|{_IT_IS})\b[,.:]?\s*)*",
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
    _any(
        rf"\b(?:say|think|believe|guess|suspect|suppose|assume)\b(?:\s+that)?(?:\s+{_IT_IS})?\s+",
        r"\b(?:it|that|this|answer)(?:'s| is| must be| should be| would be| has to be| can only be)\s+",
        r"\b(?:must be|should be|has to be|can only be|likely|probably|definitely|obviously|clearly|yes,?|"
        r"leaving|leaves)\s+",
        r"(?:我认为|我認為|我觉得|应该是|應該是|而是|就是|是)\s*",
        r"\b(?:c'est|das ist|es ist|es la|è la|é a)\s+",
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

_ADVERBS = (
    r"(?:\s+(?:\w+ly|also|both|all|just|far|quite|very|indeed|therefore|thus|so|even|still|a bit|"
    r"a little|much|as well|by far))*"
)
_BE = (
    r"(?:'s|\s*,?\s*(?:which|that)?\s*\b(?:is|are|was|were|seems?|looks?|appears?|sounds?|would be|should be|"
    r"can be|could be|must be|has been|have been|gets?)(?: to be)?\b)"
)
_WRONG = (
    r"(?:not(?! only| just)|wrong|incorrect|false|invalid|inaccurate|untrue|too|impossible|unlikely|ruled out|"
    r"eliminated|excluded|out|rejected|"
    r"dismissed|discarded|irrelevant|implausible|incomplete|misleading|mistaken|unrelated|inconsistent|bad|"
    r"worse|inferior|"
    r"unsuitable|neither|never|no(?! doubt))"
)
RULED_OUT_AFTER = re.compile(
    _any(
        rf"{_BE}{_ADVERBS}\s+(?:(?:the|an?)\s+)?{_WRONG}\b",
        r"\s*(?:\b(?:isn't|aren't|wasn't|weren't|doesn't|don't|didn't|can't|cannot|couldn't|won't|wouldn't|"
        r"shouldn't|hasn't)\b)",
        r"\s+(?:does|do|did|can|could|would|will|should|has|have|may|might)\s+not\b",
        r"\s+(?:makes (?:no|little) sense|fails?|contradicts?|conflicts?|violates?|falls? short)\b",
        r"\s*[:(,-]*\s*(?:wrong|incorrect|false|invalid|too \w+|ruled out|not correct|not right|✗|✘|❌|×)(?![\w'])",
        r"\s*[:-]\s*(?:no|not)\b",
        r"\s+(?:est|sont)\s+(?:\w+ment\s+)?(?:fauss|faux|incorrect|inexact|erroné|trop)",
        r"\s+n'est\b|\s+ne\s+\w+\s+pas\b",
        r"\s+(?:ist|sind|wäre)\s+(?:\w+\s+)?(?:falsch|nicht|inkorrekt|zu|unrichtig)\b|\s+(?:passt|stimmt)\s+nicht\b",
        r"\s+(?:es|son|é|são|è|sono)\s+(?:incorrec|incorre|errad|fals|sbagliat|errat|scorrett|demasiado|muito|"
        r"troppo)",
        r"\s+(?:no|non|não)\s+(?:es|è|é|son|sono|são|puede|può|pode)\b|\s+не(?:верно|правильно|верен|\s)",
        r"\s*(?:项|項|选项|選項)?(?:是|也|都|明显|均|显然)*\s*(?:错|錯|不正确|不正確|不对|不對|不符|不是|不可能|被排除|可排除|不成立|有误|太|不)",
        r"\s*(?:は|が|も)?\s*(?:間違|誤り|誤っ|不正解|違|正しくな|不適|除外)|\s*(?:では|じゃ)(?:な|あり)",
        r"\s*번?\s*(?:가|이|은|는|도)?\s*(?:아니|아닙|아닌|틀렸|틀린|틀립|오답|잘못|맞지 않|제외|너무)",
    ),
    re.IGNORECASE,
)
"""What follows an option that is ruled out: 'is wrong', 'cannot be', 'is too short'."""

_BETWEEN = (
    r"(?:(?:be|been|the|an?|choosing|picking|options?|choices?|answers?|letters?|correct|right|it's|it|is|was|that|think|believe|"
    r"say|choose|pick|"
    r"select|either|both|go|with|want|really|actually|necessarily|possibly|be the|la|le|die|das|der|el|il|"
    r"opción|opção|antwort|"
    r"réponse)\s+){0,4}"
)
RULED_OUT_BEFORE = re.compile(
    _any(
        r"(?:\b(?:not(?!\s+(?:only|just|sure))|never|neither|nor|cannot|no way(?: that)?)|n't)\s+" + _BETWEEN,
        r"\b(?:rather than|instead of|other than|except(?: for)?|excluding|exclude[sd]?|eliminat(?:e[sd]?|ing)|"
        r"rul(?:e[sd]?|ing) out|"
        r"reject(?:ed|s|ing)?|dismiss(?:ed)?|discard(?:ed)?|unlike|without|anything but)\s+" + _BETWEEN,
        r"\b(?:wrong|incorrect)\s+(?:answers?|options?|choices?|ones?)?\s*(?:is|are|:|include)\s*",
        r"\b(?:nicht|kein(?:e|er)?|weder|noch|pas|ni|non|no es|non è|não é|не)\s+" + _BETWEEN,
        r"(?:不应该是|不應該是|不可能是|不能选|不能選|不应选|不選|不选|不是|而非|并非|並非|排除了?|绝非)\s*(?:选项|選項)?\s*",
    )
    + r"(?=[\"'(\[{<]*[A-Z\ue000-\ue019](?![A-Za-z0-9_]))",
    re.IGNORECASE,
)
"""What precedes an option that is ruled out: 'not', "can't be", 'rather than'."""

_GOOD = (
    r"(?:correct|right|true|best|better|valid|accurate|the answer|the only|only|closest|ideal|winner|most|"
    r"superior|preferable|my answer)"
)
ASSERTED_AFTER = re.compile(
    _any(
        rf"{_BE}{_ADVERBS}\s+(?:(?:the|my|a|our)\s+)?(?:\w+\s+)?{_GOOD}\b",
        r"\s+(?:fits?|works|matches|holds|applies|wins|satisfies|it is)\b",
        r"\s*[:(,-]*\s*(?:correct|right|true|✓|✔|✅)(?![\w'])",
        r"\s+(?:est|serait)\s+(?:la\s+|le\s+)?(?:correct|just|bon|vrai|exact)",
        r"\s+(?:ist|wäre)\s+(?:die\s+)?(?:richtig|korrekt)|\s+stimmt\b|\s+passt\b",
        r"\s+(?:es|è|é)\s+(?:la\s+|a\s+)?(?:correct|corrett|correta|giust|certa|respuesta|risposta|resposta)",
        r"\s*(?:项|項|选项|選項)?\s*(?:才|就)?(?:是)?\s*(?:正确|正確|对的|對的|最佳|答案)",
        r"\s*(?:が|は)\s*(?:正解|正しい|答え|適切|最も)|\s*(?:です|だ(?!と)|を選|だと思|と考え)",
        r"\s*번?\s*(?:가|이|은|는)?\s*(?:정답|맞|옳|답)|\s*번?\s*(?:입니다|이다|예요|이에요)|\s*번?\s*[을를]\s*(?:선택|고르|고릅)",
    ),
    re.IGNORECASE,
)
"""What follows an option that is asserted: 'is correct', 'fits'."""

CONDITIONAL = re.compile(
    r"\b(?:if|whether|suppose|supposing|assuming|assume|unless|why|when|were|had)\b[^.!?\n]{0,30}$", re.IGNORECASE
)
"""What makes an answer a hypothesis: 'if the answer is B'."""
