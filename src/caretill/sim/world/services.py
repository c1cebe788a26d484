"""What care costs in the world, in plain words of both languages, under codes that are nobody's but its own."""

from __future__ import annotations

from dataclasses import dataclass

CODE_SYSTEM = "LOCAL"


@dataclass(frozen=True)
class Service:
    """One thing that can be done. `covers` says who pays for it where there is a plan:

    copay (a fixed amount, the plan the rest), shared (deductible, then coinsurance), free (the plan alone), extra
    (never covered).
    """

    code: str
    words: dict[str, str]
    low_cents: int
    high_cents: int
    covers: str = "shared"


def _service(code: str, english: str, spanish: str, low: int, high: int, covers: str = "shared") -> Service:
    return Service(code, {"en": english, "es": spanish}, low * 100, high * 100, covers)


_LIST = (
    _service("OV-10", "Office visit, 20 minutes", "Consulta, 20 minutos", 140, 220, "copay"),
    _service("OV-20", "Office visit, 40 minutes", "Consulta, 40 minutos", 230, 340, "copay"),
    _service("OV-30", "Yearly check-up", "Examen anual", 210, 310, "free"),
    _service("OV-40", "Video visit", "Consulta por video", 90, 150, "copay"),
    _service("XR-10", "X-ray of the chest", "Radiografía del pecho", 180, 390),
    _service("XR-20", "X-ray of the wrist", "Radiografía de la muñeca", 150, 320),
    _service("XR-30", "X-ray of the knee", "Radiografía de la rodilla", 160, 340),
    _service("XR-90", "Doctor reads the X-ray", "El médico lee la radiografía", 45, 95),
    _service("LB-10", "Blood count", "Conteo de sangre", 38, 92),
    _service("LB-20", "Cholesterol test", "Prueba de colesterol", 44, 118),
    _service("LB-30", "Blood sugar test", "Prueba de azúcar en la sangre", 32, 86),
    _service("LB-40", "Thyroid test", "Prueba de tiroides", 62, 148),
    _service("LB-50", "Urine test", "Prueba de orina", 24, 61),
    _service("LB-90", "Drawing blood", "Toma de sangre", 16, 38),
    _service("VC-10", "Flu shot", "Vacuna contra la gripe", 42, 74, "free"),
    _service("TH-10", "Physical therapy, 30 minutes", "Fisioterapia, 30 minutos", 110, 180, "copay"),
    _service("ER-10", "Emergency room visit", "Visita a la sala de emergencias", 1150, 2900),
    _service("RM-10", "Hospital room, one night", "Habitación de hospital, una noche", 2450, 4100),
    _service("RM-20", "Intensive care, one night", "Cuidados intensivos, una noche", 6900, 9800),
    _service("SG-10", "Operating room", "Sala de operaciones", 3900, 8200),
    _service("SG-20", "Surgery: knee", "Cirugía de la rodilla", 5200, 11400),
    _service("SG-30", "Surgery: appendix", "Cirugía del apéndice", 4800, 9900),
    _service("SG-40", "Surgery: gallbladder", "Cirugía de la vesícula", 5100, 10800),
    _service("AN-10", "Anesthesia, one hour", "Anestesia, una hora", 850, 1600),
    _service("RC-10", "Recovery room", "Sala de recuperación", 640, 1350),
    _service("IM-10", "CT scan", "Tomografía", 1250, 2700),
    _service("MD-10", "Medicine given to you here", "Medicinas que recibió aquí", 90, 640),
    _service("SP-10", "Bandages and supplies", "Vendas y suministros", 70, 310),
    _service("TV-10", "Telephone and television, one day", "Teléfono y televisión, un día", 12, 24, "extra"),
    _service("KT-10", "Supplies to take home", "Suministros para llevar a casa", 35, 140, "extra"),
    _service("RX-10", "Antibiotic capsules, 10 days", "Cápsulas de antibiótico, 10 días", 18, 64, "copay"),
    _service("RX-20", "Blood pressure tablets, 30 days", "Tabletas para la presión, 30 días", 22, 96, "copay"),
    _service("RX-30", "Inhaler", "Inhalador", 61, 184, "copay"),
    _service("RX-40", "Eye drops", "Gotas para los ojos", 14, 52, "copay"),
    _service("RX-50", "Skin cream", "Crema para la piel", 3, 9, "copay"),
)
SERVICES = {service.code: service for service in _LIST}

# What belongs together on one bill: code and how many. The kind of bill each makes stands first.
BUNDLES: dict[str, tuple[str, tuple[tuple[str, int], ...]]] = {
    "visit": ("professional", (("OV-10", 1),)),
    "visit_and_tests": ("professional", (("OV-20", 1), ("LB-90", 1), ("LB-10", 1), ("LB-20", 1))),
    "check_up": ("professional", (("OV-30", 1), ("VC-10", 1))),
    "chest_xray": ("professional", (("XR-10", 1), ("XR-90", 1))),
    "wrist_xray": ("professional", (("OV-10", 1), ("XR-20", 2), ("XR-90", 1))),
    "knee_xray": ("professional", (("XR-30", 2), ("XR-90", 1))),
    "laboratory": ("professional", (("LB-90", 1), ("LB-10", 1), ("LB-30", 1), ("LB-40", 1), ("LB-50", 1))),
    "therapy": ("professional", (("TH-10", 3),)),
    "emergency": ("hospital", (("ER-10", 1), ("IM-10", 1), ("LB-10", 1), ("MD-10", 1), ("SP-10", 1))),
    "stay": (
        "hospital",
        (
            ("RM-10", 3),
            ("SG-10", 1),
            ("SG-30", 1),
            ("AN-10", 2),
            ("RC-10", 1),
            ("MD-10", 1),
            ("SP-10", 1),
            ("TV-10", 3),
        ),
    ),
    "intensive": (
        "hospital",
        (
            ("ER-10", 1),
            ("RM-20", 1),
            ("RM-10", 2),
            ("SG-10", 1),
            ("SG-40", 1),
            ("AN-10", 3),
            ("MD-10", 1),
            ("TV-10", 2),
        ),
    ),
    "day_surgery": (
        "hospital",
        (("SG-10", 1), ("SG-20", 1), ("AN-10", 2), ("RC-10", 1), ("MD-10", 1), ("SP-10", 1), ("KT-10", 1)),
    ),
    "antibiotic": ("pharmacy", (("RX-10", 1),)),
    "tablets": ("pharmacy", (("RX-20", 1), ("RX-40", 1))),
    "inhaler": ("pharmacy", (("RX-30", 1),)),
    "cream": ("pharmacy", (("RX-50", 1),)),
}
