"""Phrases that rule an option out, before or after it, and phrases that are about the other options."""

from __future__ import annotations

import re

from .phrases import ADVERBS, BE, any_of

_WRONG = (
    r"(?:not(?! only| just)|wrong|incorrect|false|invalid|inaccurate|untrue|too|impossible|unlikely|ruled out|"
    r"eliminated|excluded|out|rejected|"
    r"hardly|scarcely|far from|least|worst|distractor|trap|"
    r"dismissed|discarded|irrelevant|implausible|incomplete|misleading|mistaken|unrelated|inconsistent|bad|"
    r"worse|inferior|"
    r"unsuitable|neither|never|no(?! doubt))"
)
_SAME_CLAUSE = r"(?:(?!\b(?-i:[A-Z])\b)[^.!?\n\ue000-\ue019]){0,40}?"
_IS_FOREIGN = r"(?:is|är|er|on|jest|je|este|είναι|là|adalah|هو)"
_WRONG_FOREIGN = (
    r"(?:fout|fel|forkert|feil|onjuist|verkeerd|väär[äi]n?|yanlış|salah|sai|błędn\w+|nieprawidłow\w+|špatn\w+|"
    r"nesprávn\w+|rossz|hibás|greșit\w*|λάθος)(?!\w)|ผิด|خطأ|गलत"
)
_NOT_WRONG = (
    r"(?!(?:\s+(?:is|are|was|were)(?:n't|\s+not)|\s*'s\s+not|\s+(?:can't|cannot|can\s+not)\s+be)"
    r"\s+(?:wrong|incorrect|false)\b)"
)
RULED_OUT_AFTER = re.compile(
    _NOT_WRONG
    + any_of(
        rf"{BE}{ADVERBS}\s+(?:(?:the|an?)\s+)?(?:(?:only|trick|common|obvious)\s+)?{_WRONG}\b",
        r"\s+(?:would|could|might)\s+(?:only\s+)?(?:be|have been)\s+(?:correct|right|true|the \w+)\s+(?:if|only)\b",
        rf"{_SAME_CLAUSE}\bbut\s+(?:(?:it|that|this|which)(?:'s|\s+is|\s+was)?\s+|is\s+|was\s+)?(?:actually\s+)?"
        r"(?:wrong|incorrect|false|misleading|not (?:correct|right|true|the (?:answer|right|correct|best))|"
        r"isn't\s*(?:$|[.!]|correct|right|true|"
        r"the)|"
        r"a trap|no\s*(?:$|[.!]))",
        r"[ \t]*,?[ \t]*\b(?:no|nope)[ \t]*(?:$|[.!\n])",
        rf"\s*(?:{_IS_FOREIGN}\s+)?(?:{_WRONG_FOREIGN})",
        r"\s+(?:kann (?:es )?nicht|kann ausgeschlossen|scheidet aus|trifft nicht zu|ist auszuschließen|olamaz)",
        r"\s*(?:可以|可|应|應)?(?:被)?排除|(?:以外|之外|外)(?![^。.\n]*(?:错|錯|不|誤|間違|틀|아니))",
        r"\s*(?:\b(?:isn't|ain't|aren't|wasn't|weren't|doesn't|don't|didn't|can't|cannot|couldn't|won't|wouldn't|"
        r"shouldn't|hasn't)\b)",
        r"\s+(?:does|do|did|can|could|would|will|should|has|have|may|might)\s+not\b",
        r"\s+(?:makes (?:no|little) sense|fails?|contradicts?|conflicts?|violates?|falls? short)\b",
        r"[ \t]*[:(\[,=→>-]*[ \t]*(?:wrong|incorrect|false|invalid|too \w+|ruled out|not correct|not right)(?![\w'])",
        r"[ \t]*[:-]+[ \t]*(?:this|it|that)(?:'s| is)\s+(?:wrong|incorrect|false|not (?:correct|right|true|the)\b)",
        r"[ \t]*[:|(\[=→>-]*[ \t]*[✗✘✖❌❎×☒]",
        r"\s*[:|-]\s*(?:no|not|nein|non|否)(?!\w)(?!\s+(?:other|doubt|question|problem|one|alternative|better|just|"
        r"only)\b)"
        r"(?!\s+(?:option\s)?[(\"'\[]*(?-i:[A-Z\ue000-\ue019])(?!\w))",
        r"\s*\|\s*(?:wrong|incorrect|false)(?!\w)",
        r"(?:'?\w{1,4})?\s*(?:değil|नहीं|ではない|じゃない)",
        r"\s+(?:is|are|jest|är|er|je|ist)\s+(?:niet|nie|inte|ikke|ej)\b",
        r"\s+(?:est|sont)\s+(?:\w+ment\s+)?(?:fauss|faux|incorrect|inexact|erroné|trop)",
        r"\s+n'est\b|\s+ne\s+\w+\s+pas\b",
        r"\s+(?:ist|sind|wäre)\s+(?:\w+\s+)?(?:falsch|nicht|inkorrekt|zu|unrichtig)\b|\s+(?:passt|stimmt)\s+nicht\b",
        r"\s+(?:es|son|é|são|è|sono|está|están|estão)\s+(?:incorrec|incorre|errad|fals|sbagliat|errat|scorrett|"
        r"demasiado|muito|"
        r"troppo)",
        r"\s+(?:no|non|não)\s+(?:es|è|é|son|sono|são|puede|può|pode)\b|\s*[:-]?\s*не(?:верн|правильн|верен|\s)",
        r"\s*(?:项|項|选项|選項)?(?:是|也|都|明显|均|显然)*\s*(?:错|錯|不正确|不正確|不对|不對|不符|不是|不可能|被排除|可排除|不成立|有误|太|不(?!选|選))",
        r"\s*(?:は|が|も)?\s*(?:間違|誤り|誤っ|不正解|違|正しくな|不適|除外)|\s*(?:では|じゃ)(?:な|あり)",
        r"\s*번?\s*(?:가|이|은|는|도)?\s*(?:정답이\s*|답이\s*)?(?:아님|아니|아닙|아닌|틀렸|틀린|"
        r"틀립|오답|잘못|맞지 않|제외|너무)",
    ),
    re.IGNORECASE,
)
"""What follows an option that is ruled out: 'is wrong', 'cannot be', 'is too short'."""

_OPTION_FOLLOWS = r"(?=[\"'(\[{<]*[A-Z\ue000-\ue019](?![A-Za-z0-9_]))"
_BETWEEN = (
    r"(?:(?:be|been|have|to|that's|this|would|could|the|an?|choosing|picking|options?|choices?|answers?|letters?|"
    r"correct|right|it's|it|is|was|that|think|believe|"
    r"say|choose|pick|"
    r"select|either|both|go|with|want|really|actually|necessarily|possibly|be the|la|le|die|das|der|el|il|"
    r"opción|opção|antwort|"
    r"réponse)\s+){0,4}"
)
COMPARED = re.compile(
    r"\b(?:better|more (?:likely|plausible|probable|accurate|appropriate|convincing|correct|suitable|reasonable|"
    r"precise|complete|fitting)|likelier|preferable|superior|closer)\s+(?:\w+\s+){0,2}?(?:than|to)\s+"
    + _OPTION_FOLLOWS,
    re.IGNORECASE,
)
"""What precedes an option that another one surpasses: 'better than'."""
NEGATED = re.compile(r"(?:\b(?:no|nothing|none|not|never)\b|n't\b)[^.!?,;\n]{0,30}$", re.IGNORECASE)
"""What turns a comparison round: 'no option is better than B'."""
RULED_OUT_BEFORE = re.compile(
    any_of(
        r"(?:\b(?:not(?!\s+(?:only|just|sure))|never|neither|nor|cannot|no way(?: that)?|"
        r"(?<!no )(?<!not )(?<!n't )(?<!without )(?<!without a )(?<!beyond )doubt|unlikely(?: that)?|"
        r"hardly|nobody|no one)|n't)\s+" + _BETWEEN,
        r"\b(?:less|least) likely\s+",
        r"\b(?:rather|better|prefer(?:red)?)\s+\S{1,5}\s+(?:than|to|over)\s+|\bbeats\s+|(?<=\b(?-i:[A-Z])) > ?",
        r"(?<!\w)!|[¬≠]\s*|\\neg\s*",
        r"(?<!\w)(?:nunca|jamás|mai|nie|niemals|nigdy|aldrig|ei|no puede ser|no creo que sea|non può essere|"
        r"não pode ser)"
        r"\s+" + _BETWEEN,
        r"\b(?:avoid|cross(?:ed|ing)?(?: out)?|str(?:ike|iking|uck)(?: out)?|rule[sd]? out)\s+" + _BETWEEN,
        r"(?:^|[\n,;|])[\s>*-]*[✗✘✖❌❎☒]\s*",
        r"(?:^|[.;\n])\s*(?:wrong|incorrect|false)\s*:\s*",
        r"ไม่ใช่\s*(?:ข้อ\s*)?",
        r"\b(?:rather than|instead of|other than|except(?: for)?|excluding|exclude[sd]?|eliminat(?:e[sd]?|ing)|"
        r"rul(?:e[sd]?|ing) out|"
        r"reject(?:ed|s|ing)?|dismiss(?:ed)?|discard(?:ed)?|unlike|without|anything but)\s+" + _BETWEEN,
        r"\b(?:wrong|incorrect)\s+(?:answers?|options?|choices?|ones?)?\s*(?:is|are|:|include)\s*",
        r"(?<!\w)(?:nicht|kein(?:e|er)?|keinesfalls|keineswegs|auf keinen fall|weder|noch|pas|ni|non|no es|non è|"
        r"não é|не|"
        r"niet|geen|nie|inte|ikke|ej|není|nu|không phải(?: là)?|bukan|ليست|ليس)\s+" + _BETWEEN,
        r"(?:不应该是|不應該是|不可能是|不会是|不會是|不能选|不能選|不应选|不選|不选|不是|而非|并非|並非|排除了?|绝非)\s*(?:选项|選項)?\s*",
    )
    + _OPTION_FOLLOWS,
    re.IGNORECASE,
)
"""What precedes an option that is ruled out: 'not', "can't be", 'rather than'."""

ALL_BUT = re.compile(
    r"\b(?:everything|all|every|any|anything)\b(?:\s+[a-z]+){0,3}?\s+(?:but|except(?: for)?|other than|besides|"
    r"apart from)\s+(?:option\s+)?"
    r"[\"'(\[{<]*$",
    re.IGNORECASE,
)
"""What makes a statement one about the other options: 'everything but B is wrong'."""
NOTHING_BUT = re.compile(
    r"(?:\b(?:nothing|none|no\s+(?:other\s+)?(?:option|choice|answer)|(?:eliminat|exclud|rul|reject|"
    r"dismiss)\w*(?:\s+out)?\s+"
    r"(?:all(?:\s+\w+)?|everything|every\s+\w+)|(?:wrong|incorrect|false|eliminated|excluded|ruled out),?)"
    r"|(?:n't|\bnot|\bcannot)\s+(?:[a-z]+\s+){0,3}any[a-z]*(?:\s+[a-z]+)?)\s+(?:but|other than|except(?: for)?|"
    r"besides)\s+"
    r"(?:option\s+)?[\"'(\[{<]*$",
    re.IGNORECASE,
)
"""What asserts the option that it excepts: 'it cannot be anything but B'."""
