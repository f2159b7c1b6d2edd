"""The texts of the bundled models and of the methods, and the usual words of instances, in Ukrainian."""

TITLES = {
    # Models: title, then question.
    "Most people with a second crew within the standard": (
        "Найбільше людей із другим екіпажем у межах нормативу"
    ),
    "Where do the new facilities go so that the most people still have a crew in time when the first "
    "is out?": (
        "Де розмістити нові підрозділи, щоб якнайбільше людей мали екіпаж вчасно, навіть коли перший на "
        "виїзді?"
    ),
    "Most people served in time by facilities with room for them": (
        "Найбільше людей, яких вчасно обслуговують підрозділи з достатньою місткістю"
    ),
    "Where do the new facilities go if each can serve only so many people?": (
        "Де розмістити нові підрозділи, якщо кожен обслуговує лише певну кількість людей?"
    ),
    "Least response time from facilities with room for everyone they serve": (
        "Найменший час прибуття від підрозділів, місткості яких вистачає всім"
    ),
    "Where do the new facilities go, and who serves whom, if each can serve only so many people?": (
        "Де розмістити нові підрозділи і хто кого обслуговує, якщо місткість кожного обмежена?"
    ),
    "Most people within the standard with what each payer has": (
        "Найбільше людей у межах нормативу за кошти, які має кожен платник"
    ),
    "Where do the new facilities go if state, communities and partners each pay their share from their "
    "own budget?": (
        "Де розмістити нові підрозділи, якщо держава, громади й партнери платять кожен свою частку зі "
        "свого бюджету?"
    ),
    "Most people in time and near enough by road": (
        "Найбільше людей, до яких прибувають вчасно й недалеко дорогою"
    ),
    "Where do the new facilities go if a rule in kilometres stands beside the one in minutes?": (
        "Де розмістити нові підрозділи, якщо поруч із нормативом у хвилинах діє норматив у кілометрах?"
    ),
    "Two crews within the standard, one within a longer one for everybody": (
        "Два екіпажі в межах нормативу, один у межах довшого — для всіх"
    ),
    "Where do the new facilities go so that the most people have two crews in time, and nobody waits "
    "too long for one?": (
        "Де розмістити нові підрозділи, щоб якнайбільше людей мали вчасно два екіпажі і ніхто не чекав на "
        "перший надто довго?"
    ),
    "Most people expected to find a free crew": (
        "Найбільша очікувана кількість людей, для яких є вільний екіпаж"
    ),
    "Where do the new facilities go if every crew is busy part of the time?": (
        "Де розмістити нові підрозділи, якщо кожен екіпаж частину часу зайнятий?"
    ),
    "Fewest lives lost to late answers": "Найменше життів, втрачених через пізнє прибуття",
    "Where do the new fire departments go so that fires kill fewest, and destroy no more than they may?": (
        "Де розмістити нові пожежні частини, щоб пожежі забирали найменше життів і не завдавали збитків "
        "понад допустимі?"
    ),
    "The worst region first, then the next": "Спершу найгірша область, потім наступна",
    "Where do the new facilities go so that the region that is worst off is as well off as possible, "
    "then the next?": (
        "Де розмістити нові підрозділи, щоб найгірше забезпечена область була забезпечена якнайкраще, "
        "потім наступна?"
    ),
    "Coverage that fades with every minute": "Охоплення, що слабшає з кожною хвилиною",
    "Where do the new facilities go if a minute late is not the same as an hour late?": (
        "Де розмістити нові підрозділи, якщо запізнення на хвилину — не те саме, що на годину?"
    ),
    "Police sectors under divisions under departments": (
        "Сектори поліції у складі відділень, відділення — управлінь"
    ),
    "Where do divisions and sectors go so that most people are in reach, each within reach of the "
    "level above it?": (
        "Де розмістити відділення й сектори, щоб досягати якнайбільше людей, а кожен рівень був досяжний "
        "для вищого?"
    ),
    "Most people within the response standard": "Найбільше людей у межах нормативу прибуття",
    "Where do the new facilities go so that the most people are reached within the standard?": (
        "Де розмістити нові підрозділи, щоб до якнайбільшої кількості людей прибували в межах нормативу?"
    ),
    "Least response time under a budget": "Найменший час прибуття в межах бюджету",
    "Where do the new facilities go so that help arrives soonest on average?": (
        "Де розмістити нові підрозділи, щоб допомога в середньому прибувала якнайшвидше?"
    ),
    "Shortest longest response time": "Найкоротший найдовший час прибуття",
    "Where do the new facilities go so that nobody waits longer than necessary?": (
        "Де розмістити нові підрозділи, щоб ніхто не чекав довше, ніж необхідно?"
    ),
    "Most people within the standard, and no region left behind": (
        "Найбільше людей у межах нормативу, і жодної забутої області"
    ),
    "Where do the new facilities go so that the most people are reached in time and every region "
    "reaches its floor?": (
        "Де розмістити нові підрозділи, щоб вчасно досягати якнайбільше людей, а кожна область мала свій "
        "мінімум?"
    ),
    "Most people who reliably find a free crew": "Найбільше людей, для яких вільний екіпаж є надійно",
    "Where do the new facilities go so that the most people find a free crew in time with the given "
    "reliability?": (
        "Де розмістити нові підрозділи, щоб якнайбільше людей із заданою надійністю мали вчасно вільний "
        "екіпаж?"
    ),
    "Most people within the standard by moving what is there": (
        "Найбільше людей у межах нормативу завдяки переміщенню наявних підрозділів"
    ),
    "Which existing facilities should close, and where should as many open instead?": (
        "Які наявні підрозділи закрити і де натомість відкрити стільки ж?"
    ),
    "Most people within the standard, on average over what may happen": (
        "Найбільше людей у межах нормативу в середньому за сценаріями"
    ),
    "Where do the new facilities go if it may be winter, or a bridge may be out?": (
        "Де розмістити нові підрозділи, якщо може бути зима або зруйнований міст?"
    ),
    "Most people within the standard in the worst of what may happen": (
        "Найбільше людей у межах нормативу в найгіршому сценарії"
    ),
    "Where do the new facilities go so that even the worst scenario leaves as many people as possible "
    "within the standard?": (
        "Де розмістити нові підрозділи, щоб навіть у найгіршому сценарії якнайбільше людей були в межах "
        "нормативу?"
    ),
    "Which facilities first": "Які підрозділи спершу",
    "Which facilities are built in which period, if each has its own budget and what is built stays?": (
        "Які підрозділи будувати на якому етапі, якщо кожен етап має свій бюджет, а збудоване лишається?"
    ),
    "Cheapest network that meets the standard": "Найдешевша мережа, що відповідає нормативу",
    "What does it cost to reach enough of the people who can be reached within the standard?": (
        "Скільки коштує досягти достатньої частки людей, яких можна досягти в межах нормативу?"
    ),
    "Most people within the standard, facilities of a type kept apart": (
        "Найбільше людей у межах нормативу, коли однакові підрозділи не поруч"
    ),
    "Where do the new facilities go if two of a type must not stand too near to each other?": (
        "Де розмістити нові підрозділи, якщо два однакові не можуть стояти надто близько?"
    ),
    "Most people with a community police officer in reach": (
        "Найбільше людей, для яких поліцейський офіцер громади досяжний"
    ),
    "How many officers go to which station, if each looks after so many residents within the travel "
    "standard?": (
        "Скільки офіцерів має бути на кожній станції, якщо кожен опікується певною кількістю мешканців у "
        "межах нормативу?"
    ),
    "Least cost of facilities and of waiting": "Найменша вартість підрозділів і чекання разом",
    "How many facilities are worth their money, and where, if a minute of response time has a price?": (
        "Скільки підрозділів варті своїх грошей і де, якщо хвилина прибуття має ціну?"
    ),
    "Which centers get a service center first": "Які центри першими отримують центр послуг",
    "Which existing facilities should be upgraded so that most people gain the services they lack?": (
        "Які наявні підрозділи доповнити, щоб якнайбільше людей отримали послуги, яких бракує?"
    ),
    "Shortest mean wait of those who wait longest": "Найкоротше чекання тих, хто чекає найдовше",
    "Where do the new facilities go so that the worst-off part of the people waits as little as possible?": (
        "Де розмістити нові підрозділи, щоб найгірше забезпечена частина людей чекала якнайменше?"
    ),
    # Methods, and why they were chosen.
    "center": "центр",
    "set_cover": "покриття множини",
    "exact": "точний",
    "decomposition": "декомпозиція",
    "relaxation": "релаксація",
    "the instance is small enough for one mixed-integer program": (
        "дані досить малі для однієї задачі цілочислового програмування"
    ),
    "the instance is large, and its objectives depend on response times alone": (
        "дані великі, а цілі залежать лише від часу прибуття"
    ),
    "the cost of new sites is minimized under limits on coverage alone": (
        "вартість нових місць найменша, а обмеження стосуються лише охоплення"
    ),
    "the solver was asked for": "розв'язувач задано",
    "asked for": "метод задано",
    "what the solve before has proved still holds": "доведене раніше лишається чинним",
    # Usual words of instances.
    "city": "місто",
    "town": "містечко",
    "village": "село",
    "million UAH": "млн грн",
    "UAH": "грн",
}
