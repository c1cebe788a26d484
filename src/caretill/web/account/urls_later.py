"""Addresses of what is taken later: ids without meaning, sealed tokens, days."""

from __future__ import annotations

from django.urls import URLPattern, path

from caretill.web.account import autopay, calendar_feed, plans, schedule

urlpatterns: list[URLPattern] = [
    path("account/scheduled/", schedule.schedules_page, name="schedules"),
    path("account/scheduled/calendar/", calendar_feed.calendar_change, name="calendar_change"),
    path("account/scheduled/<uuid:order>/", schedule.change, name="schedule_change"),
    path("account/scheduled/<uuid:order>/cancel/", schedule.cancel, name="schedule_cancel"),
    path("account/schedule/", schedule.schedule, name="schedule"),
    path("account/autopay/", autopay.autopay, name="autopay"),
    path("account/autopay/add/", autopay.add, name="autopay_add"),
    path("account/autopay/<uuid:order>/", autopay.change, name="autopay_change"),
    path("account/autopay/<uuid:order>/<str:day>/<slug:action>/", autopay.due, name="autopay_due"),
    path("autopay/<str:token>/", autopay.autopay_open, name="autopay_open"),
    path("account/plans/", plans.plans_page, name="plans"),
    path("account/plans/offer/", plans.offer, name="plan_offer"),
    path("account/plans/sign/", plans.sign, name="plan_sign"),
    path("account/plans/<uuid:order>/", plans.plan, name="plan"),
    path("calendar/<str:token>.ics", calendar_feed.calendar_feed, name="calendar"),
]
